/** India's time, or the recorded day's time in a replay. */
import { useServices } from '../state/services'
import { useNow } from '../state/ticker'
import { useKind } from '../state/useQuotes'
import { formatDate, formatTime } from './format'

export function MarketClock() {
  const { quotes } = useServices()
  const replay = useKind() === 'replay'
  const now = useNow()
  const moment = replay ? quotes.newestSourceTime : now
  if (moment === null) return null
  return (
    <span className="market-clock">
      <span className="muted">{formatDate(moment)}</span> {formatTime(moment)}
    </span>
  )
}
