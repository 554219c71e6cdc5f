/** One symbol's row. Re-renders when its own symbol changes and at no other time. */
import { memo, useRef } from 'react'
import { navigate } from '../state/route'
import { useName, useQuote, useStreamState } from '../state/useQuotes'
import { AgeDot } from './AgeDot'
import { Change, directionOf } from './Change'
import { formatPrice, formatVolume, formatWhole } from './format'
import { RowEditor } from './RowEditor'
import { Sparkline } from './Sparkline'
import { SymbolLink } from './SymbolLink'
import { useFlash } from './useFlash'
import { useInView } from './useInView'

interface Props {
  readonly symbol: string
  readonly selected: boolean
  readonly editing: boolean
}

export const QuoteRow = memo(function QuoteRow({ symbol, selected, editing }: Props) {
  const line = useRef<HTMLTableRowElement>(null)
  const inView = useInView(line)
  const row = useQuote(symbol, inView)
  const name = useName(symbol)
  const refusal = useStreamState().refused.get(symbol)
  const price = useRef<HTMLTableCellElement>(null)
  useFlash(price, inView ? row : undefined)
  const data = row?.update.data
  return (
    <tr ref={line} role="row" data-symbol={symbol} className={selected ? 'selected' : undefined} onClick={() => navigate(symbol)}>
      <th scope="row" role="rowheader" className="symbol">
        <SymbolLink symbol={symbol} current={selected}>
          <span className="ticker">{symbol}</span>
          <span className="name">{name}</span>
        </SymbolLink>
      </th>
      <td role="cell" className="spark">{row && <Sparkline trail={row.trail} direction={directionOf(data?.change)} />}</td>
      <td role="cell" className="price" ref={price} data-price={data?.price}>
        {data ? formatPrice(data.price) : refusal ? <span className="refusal">not offered here</span> : <span className="skeleton" />}
        {data && <span className="phone-change"><Change change={data.change} percent={data.changePercent} show="both" /></span>}
      </td>
      <td role="cell" className="number wide">{data && <Change change={data.change} show="change" />}</td>
      <td role="cell" className="number wide">{data && <Change change={data.change} percent={data.changePercent} show="percent" />}</td>
      <td role="cell" className="number wide volume" title={data ? `${formatWhole(data.volume)} shares` : undefined}>{data && formatVolume(data.volume)}</td>
      <td role="cell" className="age">{editing ? <RowEditor symbol={symbol} /> : <AgeDot row={row} />}</td>
    </tr>
  )
})
