// 200 symbols, ten updates a second each, all in the list. Beside it what the browser does with nothing at all to draw and with
// the same table at rest: frames and their gaps also wait for the rest of the machine.
import { priceOf, Stage, untilState } from '../stage.mjs'
import { percentile } from './table.mjs'

const SYMBOLS = Array.from({ length: 200 }, (_, index) => `S${String(index).padStart(3, '0')}`)
const PER_SECOND = 10
const SECONDS = 10
const FRAME_MS = 16.667
const VIEW = { width: 1440, height: 900 }

export async function measureFlood(table) {
  const stage = await Stage.open({ alone: true, symbols: SYMBOLS, updatesPerSecond: PER_SECOND, movingOnly: true })
  try {
    const blank = await (await stage.browser.newContext({ viewport: VIEW })).newPage()
    const empty = await watchFrames(blank)
    tell(table, 'empty page', empty)
    await blank.context().close()
    const page = await openTable(stage)
    const sent = stage.standin.published
    const flooded = await watchFrames(page)
    table.add('flood: updates sent to the page', (stage.standin.published - sent) / SECONDS, 'per s')
    tell(table, 'flood', flooded, { dropped: droppedPerSecond(empty) + 1, taskMs: FRAME_MS })
    table.add('flood: rows that show a price', await page.locator('td[data-price]').count(), `of ${SYMBOLS.length}`)
    if ((await priceOf(page, SYMBOLS[7])) === null) throw new Error('a flooded row shows no price')
    stage.standin.paused = true
    await page.waitForTimeout(2_000)
    tell(table, 'same table at rest', await watchFrames(page))
  } finally {
    await stage.close()
  }
}

async function openTable(stage) {
  const context = await stage.browser.newContext({ viewport: VIEW })
  const page = await context.newPage()
  await page.addInitScript((list) => localStorage.setItem('watchlist', JSON.stringify({ symbols: list, own: true })), SYMBOLS)
  await page.goto(stage.base)
  await untilState(page, 'live')
  await page.waitForTimeout(2_000)
  return page
}

const droppedPerSecond = ({ gaps }) => gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / FRAME_MS) - 1), 0) / SECONDS

function tell(table, name, watched, limits = { dropped: null, taskMs: null }) {
  const { frames, gaps, long, perFrame } = watched
  table.add(`${name}: frames`, frames / SECONDS, 'per s')
  table.add(`${name}: frames dropped`, droppedPerSecond(watched), 'per s', limits.dropped)
  table.add(`${name}: time between frames, p99`, percentile(gaps, 0.99), 'ms')
  table.add(`${name}: long tasks`, long.length / SECONDS, 'per s')
  table.add(`${name}: long tasks, time`, long.reduce((sum, duration) => sum + duration, 0) / SECONDS, 'ms per s')
  table.add(`${name}: main thread, all of a frame`, perFrame.task, 'ms', limits.taskMs)
  table.add(`${name}: of which script`, perFrame.script, 'ms')
  table.add(`${name}: of which style and layout`, perFrame.layout, 'ms')
}

/** Counts frames as the page itself sees them, and what Chromium says its main thread did meanwhile. */
async function watchFrames(page) {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  const spent = async () => Object.fromEntries((await session.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value * 1000]))
  const before = await spent()
  const { frames, long } = await page.evaluate(countFrames, SECONDS * 1000)
  const after = await spent()
  const perFrame = (...names) => names.reduce((sum, name) => sum + after[name] - before[name], 0) / frames.length
  return {
    frames: frames.length,
    gaps: frames.slice(1).map((at, index) => at - frames[index]),
    long,
    perFrame: { task: perFrame('TaskDuration'), script: perFrame('ScriptDuration'), layout: perFrame('LayoutDuration', 'RecalcStyleDuration') },
  }
}

/** Runs in the page. */
function countFrames(forMs) {
  const long = []
  new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })
  const frames = []
  return new Promise((resolve) => {
    const step = (now) => {
      frames.push(now)
      if (now - frames[0] < forMs) requestAnimationFrame(step)
      else resolve({ frames, long })
    }
    requestAnimationFrame(step)
  })
}
