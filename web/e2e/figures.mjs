// The page's figures: size of the first load, load event on a slow machine, frames under a flood, and the way of a price to the screen.
// `npm run figures` prints them and writes out/page.json; exit 1 when a limit is missed. BASE_URL measures a deployed stack's load.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { priceOf, Stage, untilState } from './stage.mjs'

const root = join(import.meta.dirname, '../..')
const FIRST_LOAD_LIMIT_BYTES = 90_000
const LOAD_EVENT_LIMIT_MS = 3_000
const TO_SCREEN_LIMIT_MS = 100
const LOADS = 10
const FLOOD = { symbols: 200, perSecond: 10, seconds: 10 }

const rows = []
const percentile = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(values.length * share) - 1)]
const row = (name, value, unit, limit = null) => rows.push({ name, value: Math.round(value * 10) / 10, unit, limit, met: limit === null || value <= limit })

/** What the browser fetches for the first view, by part. */
async function sizes(stage) {
  const context = await stage.browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  const fetched = []
  page.on('request', (request) => request.url().includes('/assets/') && fetched.push(request.url()))
  await page.goto(stage.base, { waitUntil: 'load' })
  await page.waitForSelector('.chart canvas')
  await context.close()
  const entry = readFileSync(join(root, 'web/dist/index.html'), 'utf8')
  const parts = { page: [], chart: [], font: [] }
  for (const url of new Set(fetched)) {
    const name = url.split('/assets/')[1]
    if (name.endsWith('.woff2')) parts.font.push(name)
    else if (entry.includes(name)) parts.page.push(name)
    else parts.chart.push(name)
  }
  for (const [part, names] of Object.entries(parts)) {
    const bytes = names.map((name) => readFileSync(join(root, 'web/dist/assets', name)))
    const sum = (of) => bytes.reduce((total, raw) => total + of(raw), 0)
    row(`size ${part} raw`, sum((raw) => raw.length), 'bytes')
    if (part === 'font') continue // compressed by its own format
    row(`size ${part} gzip`, sum((raw) => gzipSync(raw, { level: 9 }).length), 'bytes', part === 'page' ? FIRST_LOAD_LIMIT_BYTES : null)
    row(`size ${part} brotli`, sum((raw) => brotliCompressSync(raw).length), 'bytes')
  }
  row('size of all files raw', readdirSync(join(root, 'web/dist/assets')).filter((name) => /\.(js|css)$/.test(name)).reduce((total, name) => total + readFileSync(join(root, 'web/dist/assets', name)).length, 0), 'bytes')
}

/** Ten loads with an empty cache on a machine four times slower. */
async function loads(stage) {
  const loadMs = []
  const paintMs = []
  const pricesMs = []
  for (let load = 0; load < LOADS; load += 1) {
    const context = await stage.browser.newContext()
    const page = await context.newPage()
    const session = await context.newCDPSession(page)
    await session.send('Emulation.setCPUThrottlingRate', { rate: 4 })
    await page.goto(stage.base, { waitUntil: 'load' })
    await page.waitForSelector('td[data-price]')
    pricesMs.push(await page.evaluate(() => performance.now()))
    const [event, paint] = await page.evaluate(() => [
      performance.getEntriesByType('navigation')[0].loadEventEnd,
      performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
    ])
    loadMs.push(event)
    paintMs.push(paint)
    await context.close()
  }
  row('load event p95 of 10, CPU 4x slower', percentile(loadMs, 0.95), 'ms', LOAD_EVENT_LIMIT_MS)
  row('first contentful paint p95, CPU 4x slower', percentile(paintMs, 0.95), 'ms')
  row('prices in the table p95, CPU 4x slower', percentile(pricesMs, 0.95), 'ms', LOAD_EVENT_LIMIT_MS)
}

/** 200 symbols, ten updates a second each, all in the list. */
async function flood() {
  const symbols = Array.from({ length: FLOOD.symbols }, (_, index) => `S${String(index).padStart(3, '0')}`)
  const stage = await Stage.open({ alone: true, symbols, updatesPerSecond: FLOOD.perSecond, movingOnly: true })
  const context = await stage.browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await page.addInitScript((list) => localStorage.setItem('watchlist', JSON.stringify({ symbols: list, own: true })), symbols)
  await page.goto(stage.base)
  await untilState(page, 'live')
  await page.waitForTimeout(2_000)
  const session = await stage.browser.newBrowserCDPSession()
  const cpu = async () => (await session.send('SystemInfo.getProcessInfo')).processInfo.filter(({ type }) => type === 'renderer').reduce((sum, { cpuTime }) => sum + cpuTime * 1000, 0)
  const before = await cpu()
  const sent = stage.standin.published
  const seen = await page.evaluate((seconds) => new Promise((resolve) => {
    const long = []
    new PerformanceObserver((list) => long.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' })
    const frames = []
    const started = performance.now()
    const step = (now) => {
      frames.push(now)
      if (now - started < seconds * 1000) requestAnimationFrame(step)
      else resolve({ frames, long })
    }
    requestAnimationFrame(step)
  }), FLOOD.seconds)
  const spentMs = (await cpu()) - before
  const gaps = seen.frames.slice(1).map((at, index) => at - seen.frames[index])
  row('flood: updates sent to the page', (stage.standin.published - sent) / FLOOD.seconds, 'per s')
  row('flood: frames', seen.frames.length / FLOOD.seconds, 'per s')
  // Processor time is the page's own; frames and their gaps also wait for whatever else runs on the machine.
  row("flood: processor time of the page's process", spentMs / FLOOD.seconds, 'ms per s', 1_000)
  row('flood: processor time per frame', spentMs / seen.frames.length, 'ms')
  row('flood: time between frames p99', percentile(gaps, 0.99), 'ms')
  row('flood: frames later than 50 ms', gaps.filter((gap) => gap > 50).length, `of ${gaps.length}`)
  row('flood: long tasks', seen.long.reduce((sum, duration) => sum + duration, 0) / FLOOD.seconds, 'ms per s')
  const shown = await priceOf(page, symbols[7])
  row('flood: rows that show a price', await page.locator('td[data-price]').count(), `of ${FLOOD.symbols}`)
  if (shown === null) throw new Error('a flooded row shows no price')
  await stage.close()
}

/** From the publication written into an update to the frame that shows it, and from its arrival at the socket. */
async function toScreen(stage) {
  const context = await stage.browser.newContext()
  const page = await context.newPage()
  await page.addInitScript(() => {
    globalThis.arrivals = new Map()
    const Native = globalThis.WebSocket
    globalThis.WebSocket = class extends Native {
      constructor(...given) {
        super(...given)
        this.addEventListener('message', ({ data }) => {
          for (const line of String(data).split('\n')) {
            const message = JSON.parse(line)
            if (message.type === 'price_update') globalThis.arrivals.set(`${message.symbol}=${message.data.price}`, { at: performance.timeOrigin + performance.now(), ts: message.ts })
          }
        })
      }
    }
  })
  await page.goto(stage.base)
  await untilState(page, 'live')
  const samples = await page.evaluate(() => new Promise((resolve) => {
    const seen = []
    const note = (cells) => requestAnimationFrame(() => { // called before the frame in which the change is painted
      const now = performance.timeOrigin + performance.now()
      for (const cell of cells) {
        const arrival = globalThis.arrivals.get(`${cell.closest('tr').dataset.symbol}=${cell.dataset.price}`)
        if (arrival) seen.push({ socket: arrival.at - arrival.ts, screen: now - arrival.at, all: now - arrival.ts })
      }
    })
    new MutationObserver((changes) => note(changes.map((change) => change.target))).observe(document.querySelector('tbody'), { subtree: true, attributeFilter: ['data-price'] })
    setTimeout(() => resolve(seen), 15_000)
  }))
  if (samples.length < 20) throw new Error(`only ${samples.length} updates were seen in 15 s`)
  row(`publication to socket p95 (${samples.length} updates)`, percentile(samples.map((sample) => sample.socket), 0.95), 'ms')
  row('socket to screen p95', percentile(samples.map((sample) => sample.screen), 0.95), 'ms', TO_SCREEN_LIMIT_MS)
  row('publication to screen p95', percentile(samples.map((sample) => sample.all), 0.95), 'ms')
  await context.close()
}

const stage = await Stage.open({ updatesPerSecond: 2 })
try {
  await sizes(stage)
  await loads(stage)
  await toScreen(stage)
} finally {
  await stage.close()
}
await flood()

const [busy] = loadavg()
console.log(`load of this machine: ${busy.toFixed(1)} on ${cpus().length} processors${busy > cpus().length ? ' (busy: times are too long, not the page too slow)' : ''}`)
for (const { name, value, unit, limit, met } of rows) {
  console.log(`${name.padEnd(46)} ${String(value).padStart(10)} ${unit.padEnd(9)} ${limit === null ? '' : `${met ? 'within' : 'OVER'} ${limit}`}`)
}
mkdirSync(join(root, 'out'), { recursive: true })
writeFileSync(join(root, 'out/page.json'), JSON.stringify({ measured: new Date().toISOString(), against: process.env.BASE_URL ?? 'stand-in', load: busy, processors: cpus().length, rows }, null, 2))
process.exitCode = rows.every(({ met }) => met) ? 0 : 1
