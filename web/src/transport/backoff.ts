/** Exponential backoff with full jitter: a random wait up to an exponential bound, so that clients do not return in step. */

export interface Backoff {
  readonly baseMs: number
  readonly capMs: number
}

/** Wait before attempt number `attempt` (0 for the first retry), in milliseconds. */
export function backoffDelayMs(backoff: Backoff, attempt: number, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(backoff.capMs, backoff.baseMs * 2 ** attempt))
}
