// S135: what is lost comes back by itself, and the page never pretends. On a deployed stack the faults are commands from the
// environment: LOSE_WS/RESTORE_WS, LOSE_REDIS/RESTORE_REDIS, PAUSE/RESUME, NOTICE.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { faultOf, priceOf, Stage, stateOf, untilPriceChanges, untilState } from './stage.mjs'

let stage
before(async () => (stage = await Stage.open()))
after(() => stage.close())

const firstSymbol = (page) => page.getAttribute('tbody tr', 'data-symbol')

test('the network goes and comes', async () => {
  const page = await stage.page()
  await untilState(page, 'live', 3_000)
  const symbol = await firstSymbol(page)
  await page.context().setOffline(true)
  await untilState(page, 'offline', 3_000)
  assert.notEqual(await priceOf(page, symbol), null, 'the last prices stay')
  await page.waitForTimeout(12_000)
  await page.waitForSelector('.age-dot.stale', { timeout: 3_000 })
  await page.context().setOffline(false)
  await untilState(page, 'live', 15_000)
  await untilPriceChanges(page, symbol, 5_000)
  await page.context().close()
})

test('a page opened without a network shows what it knew, with its age', async (t) => {
  if (!stage.standin) return t.skip('needs a page that is served while its API is not')
  const page = await stage.page()
  await untilState(page, 'live', 3_000)
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
  await page.context().close()
})

test('the socket goes: polling within four seconds, live again after', async (t) => {
  const lose = faultOf(stage, 'LOSE_WS', () => stage.standin.allowSockets(false))
  const restore = faultOf(stage, 'RESTORE_WS', () => stage.standin.allowSockets(true))
  if (!lose || !restore) return t.skip('LOSE_WS and RESTORE_WS are not set')
  const page = await stage.page()
  await untilState(page, 'live', 3_000)
  lose()
  const lost = Date.now()
  await untilState(page, 'polling', 30_000)
  t.diagnostic(`polling after ${Date.now() - lost} ms`)
  await untilPriceChanges(page, await firstSymbol(page), 12_000)
  restore()
  const restored = Date.now()
  await untilState(page, 'live', 60_000)
  t.diagnostic(`live ${Date.now() - restored} ms after the restore`)
  await page.context().close()
})

test('one of several nodes dies: the page is live again by itself', async (t) => {
  const kill = faultOf(stage, 'KILL_WS_NODE', () => { stage.standin.allowSockets(false); stage.standin.allowSockets(true) })
  if (!kill) return t.skip('KILL_WS_NODE is not set')
  const page = await stage.page()
  await untilState(page, 'live', 3_000)
  kill()
  const symbol = await firstSymbol(page)
  const started = Date.now()
  await untilPriceChanges(page, symbol, 15_000)
  await untilState(page, 'live', 15_000)
  t.diagnostic(`moving prices and live after ${Date.now() - started} ms`)
  await page.context().close()
})

test('Redis goes: degraded or stale is said, prices stay, and the page recovers', async (t) => {
  const lose = faultOf(stage, 'LOSE_REDIS', () => { stage.standin.paused = true; stage.standin.broadcast({ type: 'status', state: 'degraded' }) })
  const restore = faultOf(stage, 'RESTORE_REDIS', () => { stage.standin.paused = false; stage.standin.broadcast({ type: 'status', state: 'live' }) })
  if (!lose || !restore) return t.skip('LOSE_REDIS and RESTORE_REDIS are not set')
  const page = await stage.page()
  await untilState(page, 'live', 3_000)
  const symbol = await firstSymbol(page)
  lose()
  await untilState(page, 'degraded', 10_000)
  assert.notEqual(await priceOf(page, symbol), null)
  restore()
  await untilState(page, 'live', 30_000)
  await untilPriceChanges(page, symbol, 10_000)
  await page.context().close()
})

test('the operator pauses and resumes: the reason is shown, live again within two seconds', async (t) => {
  const pause = faultOf(stage, 'PAUSE', () => stage.standin.broadcast({ type: 'status', state: 'paused', reason: 'exchange halt' }))
  const resume = faultOf(stage, 'RESUME', () => stage.standin.broadcast({ type: 'status', state: 'resumed' }))
  if (!pause || !resume) return t.skip('PAUSE and RESUME are not set')
  const page = await stage.page()
  await untilState(page, 'live', 3_000)
  pause()
  await untilState(page, 'paused', 5_000)
  assert.match(await page.textContent('.state-bar'), /paused: \S/)
  resume()
  await untilState(page, 'live', 4_000)
  await page.context().close()
})

test('an operator’s notice is a banner within five seconds', async (t) => {
  const notice = faultOf(stage, 'NOTICE', () => stage.standin.broadcast({ type: 'status', state: 'live', notice: { text: 'Maintenance at noon', severity: 'warning' } }))
  if (!notice) return t.skip('NOTICE is not set')
  const page = await stage.page()
  await untilState(page, 'live', 3_000)
  notice()
  await page.waitForSelector('.notice', { timeout: 5_000 })
  await page.click('button[aria-label="Dismiss notice"]')
  assert.equal(await page.locator('.notice').count(), 0)
  await page.context().close()
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
  await page.context().close()
})
