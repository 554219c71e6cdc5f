// S135: what is lost comes back by itself, and the page never pretends. On a deployed stack containers are killed and started.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { priceOf, Stage, stateOf, untilPriceChanges, untilState } from './stage.mjs'

let stage
before(async () => (stage = await Stage.open()))
after(() => stage.close())

const firstSymbol = (page) => page.getAttribute('tbody tr', 'data-symbol')

async function livePage() {
  const page = await stage.page()
  await untilState(page, 'live')
  return page
}

/** The browser itself writes of a lost connection into the console; the page may add nothing, and break no policy. */
async function assertOnlyLosses(page) {
  const others = page.watched.complaints.filter((text) => !/^console: (WebSocket connection to|Failed to load resource)/.test(text))
  assert.deepEqual(others, [])
  await page.context().close()
}

/** A test that breaks something; whatever it leaves broken is mended. */
function breaking(name, work) {
  test(name, async (context) => {
    if (!stage.faults) return context.skip(`no Docker engine here runs the stack at ${stage.base}`)
    try {
      await work(stage.faults, context)
    } finally {
      await stage.faults.mend()
    }
  })
}

test('the network goes and comes', async () => {
  const page = await livePage()
  const symbol = await firstSymbol(page)
  await page.context().setOffline(true)
  await untilState(page, 'offline', 3_000)
  assert.notEqual(await priceOf(page, symbol), null, 'the last prices stay')
  await page.waitForSelector('.age-dot.stale', { timeout: 15_000 })
  await page.context().setOffline(false)
  await untilState(page, 'live', 15_000)
  await untilPriceChanges(page, symbol, 5_000)
  await assertOnlyLosses(page)
})

test('a page opened without a network shows what it knew, with its age', async (t) => {
  if (!stage.standin) return t.skip('needs a page that is served while its API is not')
  const page = await livePage()
  await page.waitForTimeout(5_500) // prices are kept every five seconds
  stage.standin.allowSockets(false)
  stage.standin.faults.rest = true
  await page.reload({ waitUntil: 'load' })
  await page.waitForSelector('td[data-price]', { timeout: 2_000 })
  assert.notEqual(await stateOf(page), 'live')
  await untilState(page, 'offline', 12_000)
  assert.equal(await page.locator('.toast').count() <= 2, true)
  stage.standin.faults.rest = false
  stage.standin.allowSockets(true)
  await untilState(page, 'live', 20_000)
  await assertOnlyLosses(page)
})

breaking('the sockets go: every page polls, and all are live again after', async (faults, t) => {
  const pages = await Promise.all([livePage(), livePage()])
  const lost = Date.now()
  await faults.loseSockets()
  await Promise.all(pages.map((page) => untilState(page, 'polling', 15_000)))
  t.diagnostic(`polling ${Date.now() - lost} ms after the loss`)
  await Promise.all(pages.map(async (page) => untilPriceChanges(page, await firstSymbol(page), 12_000)))
  await faults.restoreSockets()
  const restored = Date.now()
  await Promise.all(pages.map((page) => untilState(page, 'live', 30_000)))
  t.diagnostic(`live ${Date.now() - restored} ms after the restore`)
  for (const page of pages) await assertOnlyLosses(page)
})

breaking('one of several nodes dies: all pages are live again by themselves', async (faults, t) => {
  const pages = await Promise.all([livePage(), livePage(), livePage()])
  const started = Date.now()
  await faults.killNode()
  for (const page of pages) {
    await untilPriceChanges(page, await firstSymbol(page), 15_000)
    await untilState(page, 'live', 15_000)
  }
  t.diagnostic(`moving prices and live after ${Date.now() - started} ms`)
  for (const page of pages) await assertOnlyLosses(page)
})

breaking('Redis goes: degraded is said, prices stay, and the page recovers', async (faults, t) => {
  const page = await livePage()
  const symbol = await firstSymbol(page)
  const lost = Date.now()
  await faults.loseRedis()
  await untilState(page, 'degraded', 10_000)
  t.diagnostic(`degraded ${Date.now() - lost} ms after the loss`)
  assert.notEqual(await priceOf(page, symbol), null)
  const restored = Date.now()
  await faults.restoreRedis()
  await untilState(page, 'live', 30_000)
  await untilPriceChanges(page, symbol, 10_000)
  t.diagnostic(`live, with moving prices, ${Date.now() - restored} ms after the restore`)
  await assertOnlyLosses(page)
})

breaking('the operator pauses and resumes: the reason is shown, live again after', async (faults) => {
  const page = await livePage()
  try {
    await faults.pause('exchange halt')
    await untilState(page, 'paused', 5_000)
    assert.match(await page.textContent('.state-bar'), /paused: exchange halt/)
  } finally {
    await faults.resume()
  }
  await untilState(page, 'live', 5_000)
  await untilPriceChanges(page, await firstSymbol(page), 5_000)
  await assertOnlyLosses(page)
})

breaking('an operator’s notice is a banner within five seconds', async (faults) => {
  const page = await livePage()
  await faults.notice('Maintenance at noon')
  await page.waitForSelector('.notice:has-text("Maintenance at noon")', { timeout: 5_000 })
  await page.click('button[aria-label="Dismiss notice"]')
  assert.equal(await page.locator('.notice').count(), 0)
  await assertOnlyLosses(page)
})

test('the page switches from simulated to real prices as a whole', async (t) => {
  if (!stage.standin) return t.skip('a deployed stack has one source')
  const page = await stage.page()
  await page.waitForSelector('[data-kind="simulated"]')
  stage.standin.market.kind = 'live'
  await page.waitForSelector('[data-kind]', { state: 'detached', timeout: 5_000 })
  const mixed = await page.evaluate(() => document.querySelectorAll('[data-kind]').length)
  assert.equal(mixed, 0)
  await untilPriceChanges(page, await firstSymbol(page))
  await assertOnlyLosses(page)
})
