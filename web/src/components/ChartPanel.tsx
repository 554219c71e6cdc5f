/** The chart with its ranges and styles, and the same in words and figures for readers who do not see it. */
import { lazy, Suspense, useState } from 'react'
import '../styles/chart.css'
import { barSecondsOf, RANGES, useHistory, withQuote, type Candle, type Range } from '../state/history'
import type { QuoteRow } from '../state/quoteStore'
import { useServices } from '../state/services'
import { useKind, useQuote, useValue } from '../state/useQuotes'
import { ChartTable } from './ChartTable'
import { chartTimeOf, summaryOf } from './chartWords'

const Chart = lazy(() => import('./Chart'))

export default function ChartPanel({ symbol }: { readonly symbol: string }) {
  const { settings } = useServices()
  const [range, setRange] = useState<Range>('1D')
  const { chartStyle } = useValue(settings)
  const kind = useKind() // a simulation and a recording know one day only
  const candles = useCandles(symbol, range)
  const drawn = candles.shown.length > 1
  const summary = summaryOf(symbol, range, candles.shown)
  return (
    <div className="chart-panel">
      <div className="chart-tools">
        <Segments label="Range" options={RANGES.map((option) => [option, option])} offered={kind === 'live' ? RANGES : ['1D']} chosen={range} choose={setRange} />
        <Segments label="Style" options={[['line', 'Line'], ['candles', 'Candles']]} chosen={chartStyle} choose={(style) => settings.set({ ...settings.get(), chartStyle: style })} />
      </div>
      <div className="chart-space">
        {drawn ? (
          <Suspense fallback={null}>
            <Chart key={`${range}-${chartStyle}`} candles={candles.shown} style={chartStyle} range={range} label={summary} />
          </Suspense>
        ) : (
          <p className="empty">{candles.loading ? 'Loading the chart…' : 'No past prices yet. The chart grows as prices arrive.'}</p>
        )}
      </div>
      <p className="chart-note">
        {drawn && <span className="chart-summary">{summary}</span>}
        {candles.missing && range === '1D' && <span>Since this page was opened. </span>}
        <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">TradingView Lightweight Charts™</a>
      </p>
      {drawn && <ChartTable candles={candles.shown} timeOf={(time) => chartTimeOf(time, range)} />}
    </div>
  )
}

interface Candles {
  readonly shown: readonly Candle[]
  readonly loading: boolean
  readonly missing: boolean
}

/** History, on the day itself continued by the stream. */
function useCandles(symbol: string, range: Range): Candles {
  const history = useHistory(symbol, range)
  const row = useQuote(symbol, false) // a chart drawn once a second is current enough, and costs a tenth
  const [grown, setGrown] = useState<Grown>({ from: null, row: undefined, candles: [] })
  const { candles: past, loading, missing } = history
  if (range !== '1D' || loading || !row) return { shown: past, loading, missing }
  if (grown.from === past && grown.row === row) return { shown: grown.candles, loading, missing }
  const start = grown.from === past ? grown.candles : past
  const candles = withQuote(start, row, missing ? 1 : barSecondsOf(past)).slice(-CANDLES_KEPT)
  setGrown({ from: past, row, candles }) // derived from what was just read: React renders again before it paints
  return { shown: candles, loading, missing }
}

const CANDLES_KEPT = 1_000

/** The day's candles so far, and what they were made from. */
interface Grown {
  readonly from: readonly Candle[] | null
  readonly row: QuoteRow | undefined
  readonly candles: readonly Candle[]
}

interface SegmentsProps<T extends string> {
  readonly label: string
  readonly options: readonly (readonly [T, string])[]
  /** Absent: all of them. */
  readonly offered?: readonly T[]
  readonly chosen: T
  readonly choose: (option: T) => void
}

function Segments<T extends string>({ label, options, offered, chosen, choose }: SegmentsProps<T>) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {options.map(([option, words]) => (
        <button key={option} type="button" aria-pressed={option === chosen} disabled={offered?.includes(option) === false} onClick={() => choose(option)}>{words}</button>
      ))}
    </div>
  )
}
