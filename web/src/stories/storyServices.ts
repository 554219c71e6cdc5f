/** The page's parts with nothing behind them: a stopped clock, prices made here, answers made here. */
import type { Config } from '../config'
import type { PriceUpdate } from '../contract/messages'
import { createServices, type Services } from '../state/services'
import { ServerClock } from '../state/serverClock'
import { FIRST_SYMBOLS } from '../state/watchlist'
import { Api } from '../transport/api'
import { updateOf } from '../testing/updates'
import { nowOf, type Story } from './stories'

const STEPS = 40
const BASES = [1412.35, 3128.6, 1894.2, 1266.75, 1540.1, 412.85, 802.4, 1877.95, 3560.25, 2340.5]
const INDICES: readonly (readonly [string, number])[] = [['NIFTY 50', 24_812.4], ['SENSEX', 81_640.75], ['NIFTY BANK', 55_120.3]]

class StoppedClock extends ServerClock {
  constructor(private readonly nowMs: number) {
    super()
  }

  override now(): number {
    return this.nowMs
  }
}

class MadeUpApi extends Api {
  override get<T>(path: string): Promise<T> {
    if (this.story.quotes === false) return new Promise<T>(() => undefined) // loading, for ever
    return Promise.resolve(answerOf(path, this.indices) as T)
  }

  constructor(
    private readonly story: Story,
    private readonly indices: readonly PriceUpdate[],
  ) {
    super('')
  }
}

export function createStoryServices(config: Config, story: Story): Services {
  const indices = story.quotes === false ? [] : INDICES.slice(0, story.source?.source === 'replay' ? 1 : 3).map(([symbol, base], index) => walk(symbol, base, index + 20, story).at(-1))
  const shown = indices.filter((update) => update !== undefined)
  const services = createServices({ ...config, release: 'story' }, { api: new MadeUpApi(story, shown), clock: new StoppedClock(nowOf(story)) })
  services.stream.state.set({
    ...services.stream.state.get(),
    socket: { phase: 'connected', failedAttempts: 0, code: 0, reason: '' },
    ...story.stream,
  })
  services.stream.latencyMs = 38
  if (story.quotes !== false) {
    for (const [index, symbol] of FIRST_SYMBOLS.entries()) {
      for (const update of walk(symbol, BASES[index] ?? 100, index, story)) services.quotes.apply(update)
    }
  }
  story.report?.(services.incidents)
  return services
}

/** A day's walk of one price up to its age in this story. */
function walk(symbol: string, base: number, seed: number, story: Story): PriceUpdate[] {
  const ageMs = 1000 * (story.lateSymbols?.[symbol] ?? story.ageSeconds ?? 0.4)
  const prices = pricesOf(base, seed)
  return prices.map((price, step) => {
    const ts = nowOf(story) - ageMs - (STEPS - 1 - step) * 1000
    const change = round(price - base)
    return updateOf(symbol, {
      seq: step + 1,
      ts,
      data: {
        price, change, changePercent: round((change / base) * 100), previousClose: base, open: prices[0] ?? base,
        dayHigh: Math.max(...prices), dayLow: Math.min(...prices), volume: 312_345 * (seed + 1) ** 2,
        session: story.session ?? 'open', ...story.source,
      },
    })
  })
}

function answerOf(path: string, indices: readonly PriceUpdate[]): unknown {
  if (path.endsWith('/indices')) return { indices }
  if (path.endsWith('/market/status')) return { session: 'closed', nextOpen: '2026-06-15T03:45:00.000Z' }
  if (path.includes('/history/')) return { bars: barsOf(Math.max(0, FIRST_SYMBOLS.findIndex((symbol) => path.includes(`/${symbol}?`)))) }
  return {}
}

/** Five-minute bars from 09:15 IST on that end where the story's own prices end. */
function barsOf(index: number): object[] {
  const start = Date.UTC(2026, 5, 12, 3, 45)
  const closes = pricesOf(BASES[index] ?? 100, index).slice(-30)
  return closes.slice(1).map((close, step) => {
    const open = closes[step] ?? close
    return { start: new Date(start + step * 300_000).toISOString(), open, close, high: Math.max(open, close) + 0.8, low: Math.min(open, close) - 0.7, volume: 90_000 }
  })
}

/** A walk that looks like a share's: a small step each time, from a fixed sequence. */
function pricesOf(base: number, seed: number): number[] {
  let state = 7_919 * (seed + 3)
  let price = base * (1 + (seed % 3) / 1_000)
  return Array.from({ length: STEPS }, () => {
    state = (state * 48_271) % 2_147_483_647
    price *= 1 + (state / 2_147_483_647 - 0.5) * 0.0028
    return round(price)
  })
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
