/** How old a price is: a dot, hatched and spelled out when it is too old. */
import type { QuoteRow } from '../state/quoteStore'
import { useFreshness } from '../state/useQuotes'
import { formatAge } from './format'

export function AgeDot({ row }: { readonly row: QuoteRow | undefined }) {
  const freshness = useFreshness(row)
  if (!freshness) return null
  const text = formatAge(freshness.ageMs)
  return (
    <span className={freshness.stale ? 'age-dot stale' : 'age-dot'} title={`Price is ${text === 'now' ? 'new' : `${text} old`}`}>
      {freshness.stale ? `${text} old` : text}
    </span>
  )
}
