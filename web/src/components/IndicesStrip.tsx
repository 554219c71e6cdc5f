/** The indices that the source has, each kept live like any other symbol. */
import { useEffect, useMemo } from 'react'
import type { IndicesAnswer } from '../contract/rest'
import { isPriceUpdate } from '../contract/rest'
import { useServices } from '../state/services'
import { useQuote } from '../state/useQuotes'
import { useRest } from '../state/useRest'
import { Change } from './Change'
import { formatPrice } from './format'

/** New ones may appear when the source changes; values come by the stream. */
const LIST_EVERY_MS = 60_000

export function IndicesStrip() {
  const { quotes, stream } = useServices()
  const { data, error } = useRest<IndicesAnswer>('/api/v1/indices', LIST_EVERY_MS)
  const updates = useMemo(() => (data?.indices ?? []).filter(isPriceUpdate), [data])
  useEffect(() => {
    quotes.applyQuotes(updates)
    stream.watch('indices', updates.map(({ symbol }) => symbol))
  }, [quotes, stream, updates])
  if (!data && !error) return <div className="indices" aria-hidden="true"><span className="skeleton wide" /></div> // keeps the room
  if (updates.length === 0) return null
  return (
    <ul className="indices" aria-label="Indices" tabIndex={0}>
      {updates.map(({ symbol }) => (
        <IndexItem key={symbol} symbol={symbol} />
      ))}
    </ul>
  )
}

function IndexItem({ symbol }: { readonly symbol: string }) {
  const data = useQuote(symbol)?.update.data
  if (!data) return null
  return (
    <li>
      <span className="index-name">{symbol}</span>
      <span className="index-value">{formatPrice(data.price)}</span>
      <Change change={data.change} percent={data.changePercent} show="both" />
    </li>
  )
}
