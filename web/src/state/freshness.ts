/** When a price is too old to be trusted at a glance. */
import type { Kind } from './kind'
import { kindOf } from './kind'
import type { QuoteRow } from './quoteStore'

/** In session, a price older than this is marked. */
export const STALE_AFTER_MS = 10_000
/** A recording has bars of minutes: until its own rhythm is seen, a price may be as old as the longest bar. */
const REPLAY_PATIENCE_MS = 330_000

/** Age of a price by the update's own times: a real one from when its source saw it, another from its publication. */
export function ageMs(row: QuoteRow, nowMs: number): number {
  const { update } = row
  const sourceMs = kindOf(update) === 'live' ? Date.parse(update.data.sourceTime) : Number.NaN
  return Math.max(0, nowMs - (Number.isNaN(sourceMs) ? update.ts : Math.min(sourceMs, update.ts)))
}

export function isInSession(row: QuoteRow): boolean {
  const session = row.update.data.session ?? 'open'
  return session === 'open' || session === 'closing-auction'
}

/** Whether the row must be marked as late. Outside the session nothing is. */
export function isStale(row: QuoteRow, nowMs: number): boolean {
  if (!isInSession(row)) return false
  return row.update.data.status === 'stale' || ageMs(row, nowMs) > staleAfterMs(kindOf(row.update), row.gapMs)
}

function staleAfterMs(kind: Kind, gapMs: number | null): number {
  if (kind !== 'replay') return STALE_AFTER_MS
  return gapMs === null ? REPLAY_PATIENCE_MS : Math.max(STALE_AFTER_MS, Math.min(3 * gapMs, REPLAY_PATIENCE_MS))
}
