/** The drawn chart (lightweight-charts), walked with the arrow keys. The library knows no time zones, so it is given
 * India's wall time as if it were UTC. */
import { AreaSeries, CandlestickSeries, createChart, type IChartApi, type ISeriesApi, type UTCTimestamp } from 'lightweight-charts'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import type { Candle, Range } from '../state/history'
import { chartTimeOf } from './chartWords'
import { chartOptions, colorsOf, seriesOptions, type ChartStyle } from './chartLook'
import { formatPrice } from './format'

const IST_SECONDS = 19_800

interface Props {
  readonly candles: readonly Candle[]
  readonly style: ChartStyle
  readonly range: Range
  /** What the chart shows, in a sentence. */
  readonly label: string
}

interface Drawn {
  readonly chart: IChartApi
  readonly series: ISeriesApi<'Area' | 'Candlestick'>
}

export default function Chart({ candles, style, range, label }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const drawn = useRef<Drawn | null>(null)
  const shown = useRef<readonly Candle[]>([])
  const [cursor, setCursor] = useState<number | null>(null)

  useEffect(() => {
    if (!place.current) return
    const colors = colorsOf(place.current)
    const chart = createChart(place.current, chartOptions(colors))
    const series = style === 'candles' ? chart.addSeries(CandlestickSeries, seriesOptions(colors, style)) : chart.addSeries(AreaSeries, seriesOptions(colors, style))
    drawn.current = { chart, series }
    shown.current = []
    return () => {
      drawn.current = null
      chart.remove()
    }
  }, [style])

  useEffect(() => {
    if (!drawn.current) return
    draw(drawn.current, shown.current, candles, style)
    shown.current = candles
  }, [candles, style])

  const walk = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (!step || !drawn.current) return
    event.preventDefault()
    const at = Math.min(Math.max((cursor ?? candles.length) + step, 0), candles.length - 1)
    const candle = candles[at]
    setCursor(at)
    if (candle) drawn.current.chart.setCrosshairPosition(candle.close, wallTime(candle), drawn.current.series)
  }

  const at = cursor === null ? undefined : candles[cursor]
  return (
    <div className="chart" role="application" tabIndex={0} aria-label={`Chart. ${label} Use the left and right arrow keys.`} onKeyDown={walk} onBlur={() => leave(drawn.current, setCursor)}>
      <div className="chart-canvas" ref={place} aria-hidden="true" />
      <p className={at ? 'chart-cursor' : 'visually-hidden'} role="status">{at && `${chartTimeOf(at.time, range)}: open ${formatPrice(at.open)}, high ${formatPrice(at.high)}, low ${formatPrice(at.low)}, close ${formatPrice(at.close)}`}</p>
    </div>
  )
}

function leave(drawn: Drawn | null, setCursor: (cursor: null) => void): void {
  drawn?.chart.clearCrosshairPosition()
  setCursor(null)
}

function wallTime({ time }: Candle): UTCTimestamp {
  return (time + IST_SECONDS) as UTCTimestamp
}

/** Updates the last bar where only that one changed, and draws everything anew otherwise. */
function draw({ chart, series }: Drawn, before: readonly Candle[], candles: readonly Candle[], style: ChartStyle): void {
  const last = candles.at(-1)
  const grown = before.length > 0 && last && candles.length - before.length <= 1 && candles.length >= before.length && before[0]?.time === candles[0]?.time
  if (grown) {
    series.update(pointOf(last, style))
    return
  }
  series.setData(candles.map((candle) => pointOf(candle, style)))
  chart.timeScale().fitContent()
}

function pointOf(candle: Candle, style: ChartStyle) {
  const time = wallTime(candle)
  return style === 'candles' ? { ...candle, time } : { time, value: candle.close }
}
