/** One symbol's row. Re-renders when its own symbol changes and at no other time. */
import { memo, useRef } from 'react'
import { nameOf } from '../state/names'
import { useQuote, useStreamState } from '../state/useQuotes'
import { AgeDot } from './AgeDot'
import { Change } from './Change'
import { formatPrice, formatVolume, formatWhole } from './format'
import { Sparkline } from './Sparkline'
import { useFlash } from './useFlash'

export const QuoteRow = memo(function QuoteRow({ symbol }: { readonly symbol: string }) {
  const row = useQuote(symbol)
  const refusal = useStreamState().refused.get(symbol)
  const cell = useRef<HTMLTableCellElement>(null)
  useFlash(cell, row)
  const data = row?.update.data
  return (
    <tr data-symbol={symbol}>
      <th scope="row" className="symbol">
        <span className="ticker">{symbol}</span>
        <span className="name">{nameOf(symbol)}</span>
      </th>
      {!data && refusal ? (
        <td colSpan={6} className="muted refusal">Not offered by this source</td>
      ) : (
        <>
          <td className="spark">{row && <Sparkline trail={row.trail} change={data?.change} />}</td>
          <td className="price" ref={cell} data-price={data?.price}>
            {data ? formatPrice(data.price) : <span className="skeleton" />}
            <span className="phone-change">{data && <Change change={data.change} percent={data.changePercent} show="percent" />}</span>
          </td>
          <td className="number wide">{data && <Change change={data.change} show="change" />}</td>
          <td className="number wide">{data && <Change change={data.change} percent={data.changePercent} show="percent" />}</td>
          <td className="number wide" title={data ? formatWhole(data.volume) : undefined}>{data && formatVolume(data.volume)}</td>
          <td className="age"><AgeDot row={row} /></td>
        </>
      )}
    </tr>
  )
})
