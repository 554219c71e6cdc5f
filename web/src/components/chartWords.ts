/** The chart in words. Times are the exchange's. */
import type { Candle, Range } from '../state/history'
import { formatDate, formatPercent, formatRupees, formatShortTime } from './format'

export function chartTimeOf(timeSeconds: number, range: Range): string {
  const moment = timeSeconds * 1000
  if (range === '1D') return `${formatShortTime(moment)} IST`
  return range === '1W' ? `${formatDate(moment)}, ${formatShortTime(moment)} IST` : formatDate(moment)
}

/** One sentence: where it began, where it stands, how far it went. */
export function summaryOf(symbol: string, range: Range, candles: readonly Candle[]): string {
  const [first, last] = [candles[0], candles.at(-1)]
  if (!first || !last) return `${symbol}, ${range}: no prices.`
  const low = Math.min(...candles.map((candle) => candle.low))
  const high = Math.max(...candles.map((candle) => candle.high))
  const percent = ((last.close - first.open) / first.open) * 100
  return (
    `${symbol}, ${range}: from ${formatRupees(first.open)} to ${formatRupees(last.close)} (${formatPercent(percent)}), ` +
    `between ${formatRupees(low)} and ${formatRupees(high)}.`
  )
}
