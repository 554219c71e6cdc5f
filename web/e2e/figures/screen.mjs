// The way of a price: from the publication on Redis written into each update, to the socket, to the frame that shows it.
import { untilState } from '../stage.mjs'
import { percentile } from './table.mjs'

const TO_SCREEN_LIMIT_MS = 100
const SECONDS = 15
const FEWEST = 20

export async function measureToScreen(stage, table) {
  const context = await stage.browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await page.addInitScript(noteArrivals)
  await page.goto(stage.base)
  await untilState(page, 'live')
  const samples = await page.evaluate(watchScreen, SECONDS * 1000)
  await context.close()
  if (samples.length < FEWEST) throw new Error(`only ${samples.length} updates were seen in ${SECONDS} s`)
  const of = (name, share) => percentile(samples.map((sample) => sample[name]), share)
  table.add(`publication to socket, p95 of ${samples.length} updates`, of('socket', 0.95), 'ms')
  table.add('socket to screen, p50', of('screen', 0.5), 'ms')
  table.add('socket to screen, p95', of('screen', 0.95), 'ms', TO_SCREEN_LIMIT_MS)
  table.add('publication to screen, p95', of('all', 0.95), 'ms')
}

/** Runs in the page, before its own script: keeps when each update arrived. */
function noteArrivals() {
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
}

/** Runs in the page: a change noticed in the table is on the screen with the frame after it. */
function watchScreen(forMs) {
  const seen = []
  const note = (cells) => requestAnimationFrame(() => {
    const now = performance.timeOrigin + performance.now()
    for (const cell of cells) {
      const arrival = globalThis.arrivals.get(`${cell.closest('tr').dataset.symbol}=${cell.dataset.price}`)
      if (arrival) seen.push({ socket: arrival.at - arrival.ts, screen: now - arrival.at, all: now - arrival.ts })
    }
  })
  new MutationObserver((changes) => note(changes.map((change) => change.target))).observe(document.querySelector('tbody'), { subtree: true, attributeFilter: ['data-price'] })
  return new Promise((resolve) => setTimeout(() => resolve(seen), forMs))
}
