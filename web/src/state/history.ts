/** Past prices of one symbol for the chart: the server's history, and on the day itself what the stream adds to it. */
import { useMemo } from 'react'
import type { Bar, HistoryAnswer } from '../contract/rest'
import type { QuoteRow } from './quoteStore'
import { useRest } from './useRest'

export type Range = '1D' | '1W' | '1M' | '1Y'
export const RANGES: readonly Range[] = ['1D', '1W', '1M', '1Y']

/** How many trading days a range shows. */
const DAYS: Readonly<Record<Range, number>> = { '1D': 1, '1W': 5, '1M': 22, '1Y': 250 }

/** One bar as the chart wants it: start in Unix seconds, prices in rupees. */
export interface Candle {
  readonly time: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
}

export interface History {
  readonly candles: readonly Candle[]
  readonly loading: boolean
  /** True when the server has none: then only what came since the page was opened can be drawn. */
  readonly missing: boolean
}

const NONE: readonly Candle[] = []

export function useHistory(symbol: string, range: Range): History {
  const interval = range === '1D' ? 'intraday' : 'daily'
  const { data, loading } = useRest<HistoryAnswer>(`/api/v1/history/${encodeURIComponent(symbol)}?interval=${interval}`)
  const candles = useMemo(() => {
    const all = Array.isArray(data?.bars) ? candlesOf(data.bars as readonly Bar[]) : NONE
    return range === '1D' ? all : all.slice(-DAYS[range])
  }, [data, range])
  return { candles, loading, missing: !loading && candles.length === 0 }
}

/** Bars in rising order of time, each time once, without a value that cannot be drawn. */
export function candlesOf(bars: readonly Bar[]): readonly Candle[] {
  const byTime = new Map<number, Candle>()
  for (const { start, close, ...bar } of bars) {
    const time = Math.floor(Date.parse(start) / 1000)
    const open = bar.open ?? close
    const candle = { time, open, high: bar.high ?? Math.max(open, close), low: bar.low ?? Math.min(open, close), close }
    if (Object.values(candle).every(Number.isFinite)) byTime.set(time, candle)
  }
  return [...byTime.values()].sort((a, b) => a.time - b.time)
}

/** Puts the newest price into the last bar, or opens the next one. A price older than the last bar changes nothing. */
export function withQuote(candles: readonly Candle[], row: QuoteRow, barSeconds: number): readonly Candle[] {
  const { price, sourceTime } = row.update.data
  const seconds = Math.floor(Date.parse(sourceTime) / 1000)
  const time = Math.floor(seconds / barSeconds) * barSeconds
  const last = candles.at(-1)
  if (!Number.isFinite(time) || (last && time < last.time)) return candles
  if (last?.time !== time) return [...candles, { time, open: price, high: price, low: price, close: price }]
  return [...candles.slice(0, -1), { ...last, high: Math.max(last.high, price), low: Math.min(last.low, price), close: price }]
}

/** Distance of the bars, taken from the bars themselves; a minute where there are too few. */
export function barSecondsOf(candles: readonly Candle[]): number {
  const [first, second] = candles.slice(-2)
  return first && second ? Math.max(1, second.time - first.time) : 60
}
