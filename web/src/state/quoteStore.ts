/** Latest quote per symbol. Decides what is newer (contract's follower), what may stand side by side (kind), and when
 * React hears of it (once per animation frame, per row). Knows no socket and no component. */
import { Follower } from '../contract/follower'
import type { Position, PriceUpdate, ServerMessage } from '../contract/messages'
import { kindOf, type Kind } from './kind'
import { Listeners } from './listeners'
import { Value } from './value'

export interface QuoteRow {
  readonly update: PriceUpdate
  /** Sign of the last change of price; 0 until there was one. */
  readonly direction: -1 | 0 | 1
  /** Prices seen so far, sampled, oldest first: the sparkline. */
  readonly trail: readonly number[]
  /** Between the last two publications, in ms; null before the second. */
  readonly gapMs: number | null
}

const TRAIL_LENGTH = 60
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
  private newest: PriceUpdate | null = null
  private flushing = false

  /** After each batch, for what depends on many rows. */
  readonly subscribeAny = this.anyListeners.add

  /** `everyMs`: the callback hears of changes at most so often; 0 for each batch. */
  subscribe(symbol: string, callback: () => void, everyMs = 0): () => void {
    let own = this.listeners.get(symbol)
    if (!own) this.listeners.set(symbol, (own = new Listeners()))
    return everyMs === 0 ? own.add(callback) : addSlowly(own, callback, everyMs)
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

function addSlowly(listeners: Listeners, callback: () => void, everyMs: number): () => void {
  let timer: number | undefined
  const leave = listeners.add(() => {
    timer ??= window.setTimeout(() => {
      timer = undefined
      callback()
    }, everyMs)
  })
  return () => {
    leave()
    window.clearTimeout(timer)
  }
}

function nextRow(held: QuoteRow | undefined, update: PriceUpdate): QuoteRow {
  if (!held) return { update, direction: 0, trail: seedOf(update), gapMs: null }
  const moved = Math.sign(update.data.price - held.update.data.price) as -1 | 0 | 1
  return {
    update,
    direction: moved || held.direction,
    trail: moved === 0 ? held.trail : [...held.trail.slice(1 - TRAIL_LENGTH), update.data.price],
    gapMs: update.ts - held.update.ts,
  }
}

/** What one quote tells about the day so far. */
function seedOf({ data }: PriceUpdate): number[] {
  return data.open === null || data.open === undefined ? [data.price] : [data.open, data.price]
}
