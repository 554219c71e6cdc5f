// S134, S136 and S137: what a visitor does, from the first view on; several visitors at once. Nothing may be complained about.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { OTHERS, watchPage } from './browser.mjs'
import { PHONE, priceOf, Stage, stateOf, untilPriceChanges, untilState } from './stage.mjs'

let stage
before(async () => (stage = await Stage.open()))
after(() => stage.close())

async function assertQuiet(page) {
  assert.deepEqual(page.watched.complaints, [], 'no console error, no uncaught error, no policy violation')
  const own = new URL(stage.base).host
  assert.deepEqual([...page.watched.hosts].filter((host) => host !== own), [], 'no other host is contacted')
  await page.context().close()
}

/** Prices within a second of load, moving within three, marked for what they are. */
async function firstVisit(page) {
  const loaded = Date.now()
  await page.waitForSelector('td[data-price]', { timeout: 1_000 })
  assert.ok(Date.now() - loaded < 1_000)
  assert.equal(await page.locator('tbody tr').count(), 10)
  await untilState(page, 'live', 3_000)
  const first = await page.getAttribute('tbody tr', 'data-symbol')
  assert.ok((await untilPriceChanges(page, first)) < 3_000)
  assert.match(await page.textContent('[data-kind]'), /SIMULATED|REPLAY/)
  await page.waitForSelector('.indices li')
  await page.waitForSelector('.chart canvas', { timeout: 5_000 })
  assert.equal(await page.textContent('.detail h2'), 'RELIANCE')
  await page.click('button[aria-label="Dismiss hint"]')
  assert.equal(await page.locator('.hint').count(), 0)
  await assertQuiet(page)
}

test('first visit, with nothing configured', async () => firstVisit(await stage.page({ wait: null })))

for (const { name, launch, missing } of OTHERS) {
  test(`first visit in ${name}`, { skip: missing }, async () => {
    const browser = await launch()
    const page = await (await browser.newContext()).newPage()
    page.watched = await watchPage(page)
    await page.goto(stage.base, { waitUntil: 'load' })
    await firstVisit(page)
    await browser.close()
  })
}

test('full flow: search, add, sort, open, draw, settle, reload, remove', async () => {
  const page = await stage.page()
  const added = 'WIPRO'
  await page.keyboard.press('/')
  await page.fill('input[type=search]', 'wip')
  await page.click(`button[aria-label="Add ${added} to the list"]`)
  await page.keyboard.press('Escape')
  await page.waitForSelector(`tr[data-symbol="${added}"] td[data-price]`)
  await untilPriceChanges(page, added, 5_000)

  await page.click('th:has-text("Last") button')
  assert.equal(await page.getAttribute('th:has-text("Last")', 'aria-sort'), 'descending')
  const prices = await page.$$eval('td[data-price]', (cells) => cells.map((cell) => Number(cell.dataset.price)))
  const sorted = [...prices].sort((a, b) => b - a)
  const outOfOrder = prices.filter((price, index) => Math.abs(price - sorted[index]) / price > 0.01)
  assert.deepEqual(outOfOrder, [], 'largest first')

  await page.click(`tr[data-symbol="${added}"] a`)
  assert.equal(new URL(page.url()).pathname, `/s/${added}`)
  assert.equal(await page.textContent('.detail h2'), added)
  await page.click('.segments button:has-text("Candles")')
  await page.click('button[aria-label="Settings"]')
  await page.click('label:has-text("Dark")')
  await page.keyboard.press('Escape')

  await page.reload({ waitUntil: 'load' })
  await page.waitForSelector(`tr[data-symbol="${added}"] td[data-price]`)
  assert.equal(await page.getAttribute('html', 'data-theme'), 'dark', 'the choice outlives a reload')
  assert.equal(await page.getAttribute('th:has-text("Last")', 'aria-sort'), 'descending')

  await page.click('button:has-text("Edit")')
  await page.click(`button[aria-label="Remove ${added}"]`)
  await page.waitForSelector(`tr[data-symbol="${added}"]`, { state: 'detached' })
  await assertQuiet(page)
})

test('deep links open the symbol; back returns; a missing asset is 404', async () => {
  const page = await stage.page({ path: '/s/TCS' })
  assert.equal(await page.textContent('.detail h2'), 'TCS')
  assert.equal(await page.title(), 'TCS · Stock Tracker')
  await page.click('tr[data-symbol="INFY"] a')
  assert.equal(await page.textContent('.detail h2'), 'INFY')
  await page.goBack()
  assert.equal(await page.textContent('.detail h2'), 'TCS')
  const missing = await page.request.get(`${stage.base}/assets/missing-0.js`)
  assert.equal(missing.status(), 404, 'a missing asset must not be answered with the page')
  await assertQuiet(page)
})

test('on a phone the detail is a sheet, targets are 44 px, nothing scrolls sideways', async () => {
  const page = await stage.page({ viewport: PHONE })
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.equal(await overflow(), 0)
  const small = await page.$$eval('button, tbody tr', (targets) => targets
    .filter((target) => target.offsetParent !== null)
    .map((target) => ({ words: target.getAttribute('aria-label') ?? target.textContent, box: target.getBoundingClientRect() }))
    .filter(({ box }) => box.height < 44 || box.width < 44)
    .map(({ words, box }) => `${words} ${Math.round(box.width)}x${Math.round(box.height)}`))
  assert.deepEqual(small, [])
  await page.tap('tr[data-symbol="TCS"]')
  await page.waitForSelector('dialog.sheet[open] .big-price')
  await page.waitForSelector('dialog.sheet .chart canvas', { timeout: 5_000 })
  assert.equal(await page.$eval('dialog.sheet .chart-space', (space) => space.clientHeight), 220)
  assert.equal(await overflow(), 0)
  await page.tap('.back')
  await page.waitForSelector('dialog.sheet', { state: 'detached' })
  await assertQuiet(page)
})

test('several pages at once show the same prices', async () => {
  const pages = await Promise.all([1, 2, 3, 4].map(() => stage.page()))
  for (const page of pages) await untilState(page, 'live', 3_000)
  const first = await pages[0].getAttribute('tbody tr', 'data-symbol')
  await Promise.all(pages.map((page) => untilPriceChanges(page, first)))
  let prices = []
  for (let look = 0; look < 40 && new Set(prices).size !== 1; look += 1) {
    await pages[0].waitForTimeout(50)
    prices = await Promise.all(pages.map((page) => priceOf(page, first)))
  }
  assert.equal(new Set(prices).size, 1, `all pages follow one price: ${prices}`)
  for (const page of pages) {
    assert.equal(await stateOf(page), 'live')
    await assertQuiet(page)
  }
})
