/** The symbols one connection holds at the server, and what must be said so that it holds those that are wanted. No I/O. */
import type { ClientMessage, Position } from '../contract/messages'

export class Subscription {
  private wanted: ReadonlySet<string> = new Set()
  private held: ReadonlySet<string> = new Set()
  private resyncing = false

  /** `positionOf`: last update held for a symbol, so that a new connection can go on from there. */
  constructor(private readonly positionOf: (symbol: string) => Position | undefined) {}

  want(symbols: Iterable<string>): void {
    this.wanted = new Set(symbols)
  }

  /** What a new connection says first: known symbols from where they stopped, so that nothing is shown twice or missed. */
  begin(): ClientMessage[] {
    const positions: Record<string, Position> = {}
    for (const symbol of this.wanted) {
      const position = this.positionOf(symbol)
      if (position) positions[symbol] = position
    }
    this.held = new Set(Object.keys(positions))
    this.resyncing = this.held.size > 0
    const resync: ClientMessage[] = this.resyncing ? [{ action: 'resync', symbols: positions }] : []
    return [...resync, ...this.difference()]
  }

  /** What changes the symbols held into those wanted; they count as held from then on. */
  difference(): ClientMessage[] {
    const added = [...this.wanted].filter((symbol) => !this.held.has(symbol))
    const removed = [...this.held].filter((symbol) => !this.wanted.has(symbol))
    this.held = this.wanted
    const messages: ClientMessage[] = []
    if (added.length > 0) messages.push({ action: 'subscribe', symbols: added })
    if (removed.length > 0) messages.push({ action: 'unsubscribe', symbols: removed })
    return messages
  }

  /** The server has taken what it was told. */
  confirm(): void {
    this.resyncing = false
  }

  /** After an error: a server that knows no resync still knows subscribe, and its snapshot serves the same end. */
  insteadOfResync(): ClientMessage[] {
    if (!this.resyncing) return []
    this.resyncing = false
    this.held = new Set()
    return this.difference()
  }
}
