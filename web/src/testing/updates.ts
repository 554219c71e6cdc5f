/** Price updates for tests and story pages; the figures are made up. */
import type { PriceUpdate, Quote } from '../contract/messages'

type Change = Partial<Omit<PriceUpdate, 'data' | 'type'>> & { readonly data?: Partial<Quote> }

export function updateOf(symbol: string, change: Change = {}): PriceUpdate {
  const ts = change.ts ?? Date.now()
  const timestamp = new Date(ts).toISOString()
  const { data, ...envelope } = change
  return {
    type: 'price_update',
    symbol,
    timestamp,
    epoch: 'e1',
    fence: 1,
    seq: 1,
    ts,
    ...envelope,
    data: {
      symbol,
      price: 100,
      change: 1,
      changePercent: 1.01,
      volume: 1_234_567,
      timestamp,
      sourceTime: timestamp,
      open: 99.5,
      dayHigh: 101,
      dayLow: 99,
      previousClose: 99,
      exchange: 'NSE',
      currency: 'INR',
      source: 'simulated',
      status: 'simulated',
      session: 'open',
      ...data,
    },
  }
}
