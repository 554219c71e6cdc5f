/** The user's symbols in the user's order, kept in the browser. Until the user changes something it follows the server's default list. */
import { StoredValue } from './value'

/** Shown on a first visit until the server has named its own default list. */
export const FIRST_SYMBOLS = [
  'RELIANCE', 'TCS', 'HDFCBANK', 'ICICIBANK', 'INFY', 'ITC', 'SBIN', 'BHARTIARTL', 'LT', 'HINDUNILVR',
] as const

export interface WatchlistState {
  readonly symbols: readonly string[]
  /** False while the list is the server's default. */
  readonly own: boolean
}

export const WATCHLIST_LIMIT = 200
/** A server without a default list of its own names everything it has; nobody wants to see all of that first. */
const FIRST_LIST_LIMIT = 30

export class Watchlist {
  readonly state = new StoredValue<WatchlistState>('watchlist', { symbols: FIRST_SYMBOLS, own: false }, acceptWatchlist)

  has(symbol: string): boolean {
    return this.state.get().symbols.includes(symbol)
  }

  /** Takes the server's default list, unless the user has a list of their own. */
  offerDefault(symbols: readonly string[]): void {
    const current = this.state.get()
    const first = firstListOf(symbols)
    if (current.own || first.length === 0 || first.join() === current.symbols.join()) return
    this.state.set({ symbols: first, own: false })
  }

  add(symbol: string): void {
    const { symbols } = this.state.get()
    if (!this.has(symbol) && symbols.length < WATCHLIST_LIMIT) this.replace([...symbols, symbol])
  }

  remove(symbol: string): void {
    this.replace(this.state.get().symbols.filter((held) => held !== symbol))
  }

  /** Moves a symbol by `steps` places; beyond an end it stays there. */
  move(symbol: string, steps: number): void {
    const rest = this.state.get().symbols.filter((held) => held !== symbol)
    const at = this.state.get().symbols.indexOf(symbol)
    if (at < 0) return
    const to = Math.min(Math.max(at + steps, 0), rest.length)
    this.replace([...rest.slice(0, to), symbol, ...rest.slice(to)])
  }

  replace(symbols: readonly string[]): void {
    this.state.set({ symbols, own: true })
  }
}

function acceptWatchlist(stored: unknown): WatchlistState | undefined {
  const { symbols, own } = (stored ?? {}) as Partial<WatchlistState>
  if (!Array.isArray(symbols) || !symbols.every((symbol) => typeof symbol === 'string')) return undefined
  return { symbols: [...new Set(symbols)].slice(0, WATCHLIST_LIMIT), own: own === true }
}

/** The well-known names first, then the rest as the server named it. */
function firstListOf(offered: readonly string[]): readonly string[] {
  const shares = offered.filter((symbol) => !isIndex(symbol))
  const known = FIRST_SYMBOLS.filter((symbol) => shares.includes(symbol))
  const rest = shares.filter((symbol) => !known.includes(symbol as (typeof known)[number]))
  return [...known, ...rest].slice(0, shares.length > FIRST_LIST_LIMIT ? FIRST_SYMBOLS.length : undefined)
}

/** Indices stand in their own strip; of all symbols only theirs contain a blank, `SENSEX` apart. */
export function isIndex(symbol: string): boolean {
  return symbol.includes(' ') || symbol === 'SENSEX'
}
