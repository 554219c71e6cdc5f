/** Latest quote per symbol. Decides what is newer (contract's follower), what may stand side by side (kind), and when
 * React hears of it (once per animation frame, per row). Knows no socket and no component. */
import { Follower } from '../contract/follower'
import type { Position, PriceUpdate, ServerMessage } from '../contract/messages'
import { kindOf, type Kind } from './kind'
import { Listeners } from './listeners'
import { SlowListeners } from './slowListeners'
import { Value } from './value'

export interface QuoteRow {
  readonly update: PriceUpdate
  /** Sign of the last change of price; 0 until there was one. */
  readonly direction: -1 | 0 | 1
  /** Prices seen so far, one a second at most, oldest first: the sparkline. */
  readonly trail: readonly number[]
  /** Publication of the trail's last price, in Unix ms. */
  readonly trailMs: number
  /** Between the last two publications, in ms; null before the second. */
  readonly gapMs: number | null
}

const TRAIL_LENGTH = 60
const TRAIL_STEP_MS = 1_000
/** A background tab gets no animation frames; its rows still have to be current when it comes back. */
const HIDDEN_FLUSH_MS = 250

export class QuoteStore {
  /** What the whole page shows now; null before the first batch. */
  readonly kind = new Value<Kind | null>(null)
  private nextKind: Kind | null = null
  private readonly follower = new Follower()
  private readonly rows = new Map<string, QuoteRow>()
  private readonly pending = new Map<string, QuoteRow>()
  private readonly listeners = new Map<string, Listeners>()
  private readonly anyListeners = new Listeners()
  private readonly unseen = new SlowListeners()
  private newest: PriceUpdate | null = null
  private flushing = false

  /** After each batch, for what depends on many rows. */
  readonly subscribeAny = this.anyListeners.add

  /** The callback hears of each batch; of what nobody sees, once a second. */
  subscribe(symbol: string, callback: () => void, seen = true): () => void {
    let own = this.listeners.get(symbol)
    if (!own) this.listeners.set(symbol, (own = new Listeners()))
    if (seen) return own.add(callback)
    const leave = own.add(() => this.unseen.later(callback))
    return () => {
      leave()
      this.unseen.forget(callback)
    }
  }

  /** The row as of the last batch; the same object until the next change. */
  get(symbol: string): QuoteRow | undefined {
    return this.rows.get(symbol)
  }

  all(): IterableIterator<QuoteRow> {
    return this.rows.values()
  }

  /** When the source saw its newest price, RFC 3339: the market's own time in a replay. Null before the first. */
  get newestSourceTime(): string | null {
    return this.newest?.data.sourceTime ?? null
  }

  positionOf(symbol: string): Position | undefined {
    return this.follower.position(symbol)
  }

  /** Takes a message of the stream, or quotes read otherwise wrapped as a snapshot. */
  apply(message: ServerMessage): void {
    for (const update of this.follower.apply(message)) this.take(update)
  }

  applyQuotes(quotes: PriceUpdate[]): void {
    this.apply({ type: 'snapshot', quotes })
  }

  forget(symbol: string): void {
    this.follower.forget(symbol)
    this.rows.delete(symbol)
    this.pending.delete(symbol)
  }

  private take(update: PriceUpdate): void {
    const kind = kindOf(update)
    if (kind !== this.nextKind) {
      if (this.newest && update.ts < this.newest.ts) return // left over from before the page switched
      this.switchTo(kind)
    }
    if (!this.newest || update.ts >= this.newest.ts) this.newest = update
    const held = this.pending.get(update.symbol) ?? this.rows.get(update.symbol)
    this.pending.set(update.symbol, nextRow(held, update))
    this.schedule()
  }

  /** Drops every row of the other kind at once: a simulated price never stands beside a real one. */
  private switchTo(kind: Kind): void {
    const gone = [...this.rows.keys()]
    this.rows.clear()
    this.pending.clear()
    this.nextKind = kind
    for (const symbol of gone) this.listeners.get(symbol)?.notify()
  }

  private schedule(): void {
    if (this.flushing) return
    this.flushing = true
    if (document.visibilityState === 'hidden') window.setTimeout(this.flush, HIDDEN_FLUSH_MS)
    else window.requestAnimationFrame(this.flush)
  }

  private readonly flush = (): void => {
    this.flushing = false
    const symbols = [...this.pending.keys()]
    for (const [symbol, row] of this.pending) this.rows.set(symbol, row)
    this.pending.clear()
    this.kind.set(this.nextKind)
    for (const symbol of symbols) this.listeners.get(symbol)?.notify()
    this.anyListeners.notify()
  }
}

function nextRow(held: QuoteRow | undefined, update: PriceUpdate): QuoteRow {
  if (!held) return { update, direction: 0, trail: seedOf(update), trailMs: update.ts, gapMs: null }
  const moved = Math.sign(update.data.price - held.update.data.price) as -1 | 0 | 1
  const sampled = moved !== 0 && update.ts - held.trailMs >= TRAIL_STEP_MS
  return {
    update,
    direction: moved || held.direction,
    trail: sampled ? [...held.trail.slice(1 - TRAIL_LENGTH), update.data.price] : held.trail,
    trailMs: sampled ? update.ts : held.trailMs,
    gapMs: update.ts - held.update.ts,
  }
}

/** What one quote tells about the day so far. */
function seedOf({ data }: PriceUpdate): number[] {
  return data.open === null || data.open === undefined ? [data.price] : [data.open, data.price]
}
