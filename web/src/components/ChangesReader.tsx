/** For a screen reader, on request: a digest of what moved, every 15 s. Prices themselves are never announced one by one. */
import { useEffect, useState } from 'react'
import { useServices } from '../state/services'
import { formatPercent, formatPrice } from './format'

const EVERY_MS = 15_000
const SPOKEN = 5

export default function ChangesReader() {
  const { quotes, watchlist } = useServices()
  const [digest, setDigest] = useState('')
  useEffect(() => {
    let before = new Map<string, number>()
    const tell = (): void => {
      const rows = watchlist.state.get().symbols.flatMap((symbol) => quotes.get(symbol) ?? [])
      const moved = rows.filter(({ update }) => before.has(update.symbol) && before.get(update.symbol) !== update.data.price)
      const spoken = moved.slice(0, SPOKEN).map(({ update: { symbol, data } }) => `${symbol} ${formatPrice(data.price)}, ${formatPercent(data.changePercent)}`)
      setDigest(spoken.length === 0 ? '' : `${spoken.join('; ')}${moved.length > SPOKEN ? `; and ${moved.length - SPOKEN} more moved` : ''}`)
      before = new Map(rows.map(({ update }) => [update.symbol, update.data.price]))
    }
    tell()
    const timer = window.setInterval(tell, EVERY_MS)
    return () => window.clearInterval(timer)
  }, [quotes, watchlist])
  return <p className="visually-hidden" role="status">{digest}</p>
}
