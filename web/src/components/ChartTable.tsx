/** The chart's figures as a table, made when it is opened. */
import { useState } from 'react'
import type { Candle } from '../state/history'
import { formatPrice } from './format'

const ROWS = 400

interface Props {
  readonly candles: readonly Candle[]
  readonly timeOf: (timeSeconds: number) => string
}

export function ChartTable({ candles, timeOf }: Props) {
  const [open, setOpen] = useState(false)
  return (
    <details className="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Prices as a table</summary>
      {open && (
        <div className="chart-table-scroll" tabIndex={0} role="region" aria-label="Prices as a table">
          <table>
            <thead>
              <tr>{['Time', 'Open', 'High', 'Low', 'Close'].map((head) => <th key={head} scope="col">{head}</th>)}</tr>
            </thead>
            <tbody>
              {candles.slice(-ROWS).toReversed().map((candle) => (
                <tr key={candle.time}>
                  <th scope="row">{timeOf(candle.time)}</th>
                  {[candle.open, candle.high, candle.low, candle.close].map((price, index) => <td key={index}>{formatPrice(price)}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  )
}
