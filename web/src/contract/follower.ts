/** The rule every client follows to be never wrong: apply newer, drop older, notice gaps. No I/O.
 * The same rule as services/contract/follower.py; both are held to services/contract/vectors/follower.json. The page always
 * asks for whole quotes, so `last_price` frames, which only mode `ltp` brings, are not taken. */
import type { Position, PriceUpdate, ServerMessage } from './messages'

export class Follower {
  readonly latest = new Map<string, PriceUpdate>()
  applied = 0
  dropped = 0
  /** How many sequence numbers were jumped over. */
  missed = 0

  /** Takes a `price_update` or `snapshot`; returns the updates that changed something, oldest first. */
  apply(message: ServerMessage): PriceUpdate[] {
    if (message.type === 'snapshot') return message.quotes.filter((update) => this.take(update, false))
    if (message.type === 'price_update') return this.take(message, true) ? [message] : []
    return []
  }

  /** Where a resync may go on from; undefined when nothing is held. */
  position(symbol: string): Position | undefined {
    const held = this.latest.get(symbol)
    return held && { epoch: held.epoch, seq: held.seq }
  }

  /** After an unsubscribe: a later subscribe starts anew. */
  forget(symbol: string): void {
    this.latest.delete(symbol)
  }

  private take(update: PriceUpdate, countsGap: boolean): boolean {
    const held = this.latest.get(update.symbol)
    if (held) {
      const older = update.fence < held.fence || (update.epoch === held.epoch && update.seq <= held.seq)
      if (older) {
        this.dropped += 1
        return false
      }
      if (countsGap && update.epoch === held.epoch) this.missed += update.seq - held.seq - 1
    }
    this.latest.set(update.symbol, update)
    this.applied += 1
    return true
  }
}
