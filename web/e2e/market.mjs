// Made-up prices in the contract's shapes: a seeded random walk per symbol, so that two runs look alike.

export const SYMBOLS = ['RELIANCE', 'TCS', 'HDFCBANK', 'ICICIBANK', 'INFY', 'ITC', 'SBIN', 'BHARTIARTL', 'LT', 'HINDUNILVR', 'M&M', 'BAJAJ-AUTO', 'MARUTI', 'TITAN', 'WIPRO']
const INDICES = ['NIFTY 50', 'SENSEX', 'NIFTY BANK']
const BASES = [1412.35, 3128.6, 1894.2, 1266.75, 1540.1, 412.85, 802.4, 1877.95, 3560.25, 2340.5, 3102.7, 8455.0, 12480.6, 3388.15, 247.3]

/** Small, seeded and good enough for prices (mulberry32). */
function randomOf(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const cents = (value) => Math.round(value * 100) / 100

export class Market {
  constructor(kind, symbols) {
    this.kind = kind
    this.random = randomOf(7)
    this.session = 'open'
    this.quotes = new Map()
    for (const [index, symbol] of [...new Set([...symbols, ...SYMBOLS])].entries()) this.open(symbol, BASES[index] ?? 100 + this.random() * 3000)
    for (const [index, symbol] of INDICES.entries()) this.open(symbol, [24812.4, 81640.75, 55120.3][index])
    this.epoch = `e${Date.now()}`
    this.fence = Math.floor(Date.now() / 1000)
    this.owed = 0
    this.turn = 0
    this.last = Date.now()
    this.moving = [...this.quotes.keys()]
  }

  open(symbol, base) {
    const previousClose = cents(base)
    const open = cents(base * (1 + (this.random() - 0.45) * 0.01))
    this.quotes.set(symbol, { symbol, price: open, previousClose, open, dayHigh: open, dayLow: open, volume: Math.floor(this.random() * 9e6), seq: 1, ts: Date.now() })
  }

  has(symbol) {
    return this.quotes.has(symbol)
  }

  indices() {
    return (this.kind === 'replay' ? INDICES.slice(0, 1) : INDICES).map((symbol) => this.latest(symbol))
  }

  /** The updates that fall due since the last call when every moving symbol moves `perSecond` times a second. */
  due(perSecond) {
    const now = Date.now()
    this.owed += ((now - this.last) / 1000) * perSecond * this.moving.length
    this.last = now
    const updates = []
    for (; this.owed >= 1; this.owed -= 1) updates.push(this.move(this.moving[this.turn++ % this.moving.length]))
    return updates
  }

  move(symbol, price) {
    const held = this.quotes.get(symbol)
    const next = price ?? cents(Math.max(0.05, held.price * (1 + (this.random() - 0.495) * 0.0012)))
    Object.assign(held, {
      price: next === held.price ? cents(next + 0.05) : next,
      dayHigh: Math.max(held.dayHigh, next), dayLow: Math.min(held.dayLow, next),
      volume: held.volume + Math.floor(this.random() * 900), seq: held.seq + 1, ts: Date.now(),
    })
    return this.latest(symbol)
  }

  latest(symbol) {
    const { seq, ts, ...quote } = this.quotes.get(symbol)
    const timestamp = new Date(ts).toISOString()
    const change = cents(quote.price - quote.previousClose)
    const isIndex = INDICES.includes(symbol)
    const data = {
      ...quote, change, changePercent: cents((change / quote.previousClose) * 100), volume: isIndex ? null : quote.volume,
      timestamp, sourceTime: timestamp, source: this.kind === 'live' ? 'nse' : this.kind, status: this.kind, session: this.session,
    }
    return { type: 'price_update', symbol, data, timestamp, epoch: this.epoch, fence: this.fence, seq, ts }
  }
}

const DAY_MS = 86_400_000
const INTERVALS = { intraday: [75, 300_000], daily: [250, DAY_MS] }

/** Bars that end at the symbol's own price now. */
export function history(quote, interval) {
  const [count, stepMs] = INTERVALS[interval] ?? INTERVALS.intraday
  const random = randomOf(quote.symbol.length * 31 + count)
  const end = Math.floor(Date.now() / stepMs) * stepMs
  const bars = []
  let close = quote.price
  for (let index = 0; index < count; index += 1) {
    const open = cents(close * (1 + (random() - 0.5) * (stepMs === DAY_MS ? 0.02 : 0.003)))
    const high = cents(Math.max(open, close) * (1 + random() * 0.001))
    const low = cents(Math.min(open, close) * (1 - random() * 0.001))
    bars.unshift({ start: new Date(end - index * stepMs).toISOString(), open, high, low, close, volume: Math.floor(random() * 1e6) })
    close = open
  }
  return bars
}

export const NAMES = {
  'M&M': 'Mahindra & Mahindra', 'BAJAJ-AUTO': 'Bajaj Auto', MARUTI: 'Maruti Suzuki India', TITAN: 'Titan Company', WIPRO: 'Wipro',
  TCS: 'Tata Consultancy Services', RELIANCE: 'Reliance Industries',
}
