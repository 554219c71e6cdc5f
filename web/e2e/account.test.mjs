// Signing in, against a local stand-in for the sign-in service: the list follows the user, not the browser.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Stage } from './stage.mjs'
import { StandinAccount, USER } from './standinAccount.mjs'

let stage
before(async () => {
  stage = await Stage.open({ alone: true })
  Object.assign(stage.standin.config, { VITE_SUPABASE_URL: stage.base, VITE_SUPABASE_PUBLISHABLE_KEY: 'public-for-tests' })
})
after(() => stage.close())

const symbolsOf = (page) => page.$$eval('tbody tr[data-symbol]', (rows) => rows.map((row) => row.dataset.symbol))

async function signIn(page, password = USER.password) {
  await page.click('button[aria-label="Settings"]')
  await page.fill('.account input[type=email]', USER.email)
  await page.fill('.account input[type=password]', password)
  await page.click('.account button:has-text("Sign in")')
}

test('a wrong password is said in the service’s words, and the form stays', async () => {
  stage.standin.account = new StandinAccount()
  const page = await stage.page()
  await signIn(page, 'wrong')
  await page.waitForSelector('.account [role=alert]:has-text("Invalid login credentials")')
  assert.equal(await page.locator('.account input[type=password]').count(), 1)
  await page.context().close()
})

test('the account’s list comes with the user, changes are kept there, and signing out leaves them', async () => {
  const account = (stage.standin.account = new StandinAccount())
  account.watchlists = [{ id: 'w1', name: 'Watchlist', symbols: ['ITC', 'SBIN'] }]
  const page = await stage.page()
  await signIn(page)
  await page.waitForSelector(`.account:has-text("${USER.email}")`)
  await page.waitForSelector('tr[data-symbol="TCS"]', { state: 'detached' })
  assert.deepEqual(await symbolsOf(page), ['ITC', 'SBIN'])

  await page.keyboard.press('Escape')
  await page.keyboard.press('/')
  await page.fill('input[type=search]', 'wip')
  await page.click('button[aria-label="Add WIPRO to the list"]')
  await page.keyboard.press('Escape')
  for (let look = 0; look < 50 && account.watchlists[0].symbols.length < 3; look += 1) await page.waitForTimeout(100)
  assert.deepEqual(account.watchlists[0].symbols, ['ITC', 'SBIN', 'WIPRO'])

  await page.reload({ waitUntil: 'load' })
  await page.waitForSelector('td[data-price]')
  await page.click('button[aria-label="Settings"]')
  await page.click('.account button:has-text("Sign out")')
  await page.waitForSelector('.account input[type=password]')
  assert.equal(account.tokens.size, 0, 'the session ends at the service, too')
  assert.deepEqual(page.watched.complaints, [])
  await page.context().close()
})

test('another browser of the same user shows the same list', async () => {
  const account = (stage.standin.account = new StandinAccount())
  const first = await stage.page()
  await first.focus('tr[data-symbol="TCS"] a')
  await first.keyboard.press('Delete')
  await signIn(first)
  for (let look = 0; look < 50 && account.watchlists.length === 0; look += 1) await first.waitForTimeout(100)
  const second = await stage.page()
  await signIn(second)
  await second.waitForSelector('tr[data-symbol="TCS"]', { state: 'detached' })
  assert.deepEqual(await symbolsOf(second), await symbolsOf(first))
  await first.context().close()
  await second.context().close()
})
