// The names of the runtime configuration, one by one, in the browser. Each page gets its own /config.json.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Stage, stateOf, untilPriceChanges, untilState } from './stage.mjs'

let stage
before(async () => (stage = await Stage.open()))
after(() => stage.close())

/** Requests of the page from now on. */
function requestsOf(page) {
  const seen = { sockets: 0, polls: 0 }
  page.on('websocket', () => (seen.sockets += 1))
  page.on('request', (request) => /\/api\/v1\/quotes\?/.test(request.url()) && (seen.polls += 1))
  return seen
}

test('VITE_ENABLE_WEBSOCKET=false opens no socket and shows polling', async () => {
  const page = await stage.page({ config: { VITE_ENABLE_WEBSOCKET: 'false' }, path: '/', wait: null })
  await untilState(page, 'polling', 5_000)
  const seen = requestsOf(page)
  const first = await page.getAttribute('tbody tr', 'data-symbol')
  await untilPriceChanges(page, first, 8_000)
  assert.equal([...page.watched.hosts].length, 1)
  assert.equal(page.watched.sockets, 0, 'no socket is ever opened')
  assert.ok(seen.polls >= 1)
  await page.context().close()
})

test('VITE_FALLBACK_TO_POLLING=false shows offline without a socket, and never polls', async () => {
  const page = await stage.page({ config: { VITE_FALLBACK_TO_POLLING: false, VITE_WS_URL: '/nowhere' } })
  const seen = requestsOf(page)
  await untilState(page, 'offline', 6_000)
  await page.waitForTimeout(6_000)
  assert.equal(seen.polls, 0)
  assert.equal(await stateOf(page), 'offline')
  await page.context().close()
})

test('VITE_APP_ENV is in the footer, and production has no story page and no console call', async () => {
  const page = await stage.page({ config: { VITE_APP_ENV: 'production' }, path: '/?state=offline' })
  const calls = []
  page.on('console', (message) => calls.push(message.text()))
  assert.equal(await page.textContent('.environment'), 'production')
  await untilState(page, 'live', 5_000)
  await page.context().setOffline(true)
  await untilState(page, 'offline', 5_000)
  await page.context().setOffline(false)
  await untilState(page, 'live', 15_000)
  assert.deepEqual(calls.filter((text) => !text.startsWith('WebSocket connection to') && !/ERR_INTERNET_DISCONNECTED/.test(text)), [], 'the page itself says nothing there')
  await page.context().close()
})

test('other environments have the story page', async () => {
  const page = await stage.page({ config: { VITE_APP_ENV: 'staging' }, path: '/?state=', wait: 'h1' })
  assert.equal(await page.locator('main li').count(), 12)
  await page.context().close()
})

test('VITE_API_BASE_URL and VITE_WS_URL are where the page asks', async () => {
  const { host } = new URL(stage.base)
  const page = await stage.page({ config: { VITE_API_BASE_URL: stage.base, VITE_WS_URL: `ws://${host}/ws` } })
  await untilState(page, 'live', 5_000)
  await page.context().close()
})

test('a wrong configuration is explained, all of it at once', async () => {
  const page = await stage.page({ config: { VITE_ENABLE_WEBSOCKET: 'maybe', VITE_GEMINI_API_KEY: 'x', VITE_TYPO: '1' }, wait: '.config-error' })
  const problems = await page.$$eval('.config-error li', (items) => items.map((item) => item.textContent))
  assert.equal(problems.length, 3)
  assert.match(problems.join(' '), /VITE_GEMINI_API_KEY would be public/)
  assert.match(problems.join(' '), /VITE_ENABLE_WEBSOCKET must be true or false, got "maybe"/)
  await page.context().close()
})

test('without Supabase no sign-in is shown and nothing of it is loaded', async () => {
  const page = await stage.page()
  const loaded = []
  page.on('request', (request) => loaded.push(request.url()))
  await page.click('button[aria-label="Settings"]')
  await page.waitForSelector('dialog.modal[open]')
  assert.equal(await page.getByText(/sign in/i).count(), 0)
  assert.deepEqual(loaded.filter((url) => /Account|account/.test(url)), [])
  await page.context().close()
})
