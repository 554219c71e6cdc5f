/** How old a price is: a dot, hatched and spelled out when it is too old; outside the session, when the last trade was. */
import { isInSession } from '../state/freshness'
import type { QuoteRow } from '../state/quoteStore'
import { useNow } from '../state/ticker'
import { useFreshness } from '../state/useQuotes'
import { formatAge, formatDate, formatShortTime } from './format'

export function AgeDot({ row }: { readonly row: QuoteRow | undefined }) {
  const freshness = useFreshness(row)
  const now = useNow()
  if (!row || !freshness) return null
  if (!isInSession(row)) return <span className="age-dot rest">{closedText(row, now)}</span>
  const text = formatAge(freshness.ageMs)
  return <span className={freshness.stale ? 'age-dot stale' : 'age-dot'}><span>{text}{freshness.stale && <span className="old"> old</span>}</span></span>
}

function closedText({ update }: QuoteRow, now: number): string {
  const { sourceTime } = update.data
  return formatDate(sourceTime) === formatDate(now) ? formatShortTime(sourceTime) : formatDate(sourceTime)
}
