/** Shapes of the REST answers the page reads (services/contract/endpoints.py, OpenAPI of services/api). No I/O. */
import type { PriceUpdate, ServerMessage, Session } from './messages'

export interface QuotesAnswer {
  readonly quotes: PriceUpdate[]
  readonly missing: string[]
}

export interface IndicesAnswer {
  readonly indices: PriceUpdate[]
}

export interface MarketStatus {
  readonly session: Session
  readonly nextOpen: string | null
}

export interface FoundSymbol {
  readonly symbol: string
  readonly name: string
}

export interface SymbolsAnswer {
  readonly symbols: FoundSymbol[]
}

/** One finished bar; `start` is a UTC moment, or a date for days. */
export interface Bar {
  readonly start: string
  readonly open: number | null
  readonly high: number | null
  readonly low: number | null
  readonly close: number
}

export interface HistoryAnswer {
  readonly bars: readonly Bar[]
}

export interface ServerStatus {
  /** State of each external service's key. */
  readonly keys?: Readonly<Record<string, 'set' | 'missing' | 'rejected'>>
}

export interface InsightAnswer {
  /** Null when the model withheld one. */
  readonly text: string | null
}

export interface StoredWatchlist {
  readonly id: string
  readonly name: string
  readonly symbols: readonly string[]
}

export interface WatchlistsAnswer {
  readonly watchlists: readonly StoredWatchlist[]
}

/** RFC 9457, the one error shape of the API. */
export interface Problem {
  readonly title?: string
  readonly detail?: string
  readonly status?: number
}

/** Whether decoded JSON is a price update that can be shown without a NaN. */
export function isPriceUpdate(value: unknown): value is PriceUpdate {
  if (!isObject(value) || !isObject(value.data)) return false
  return (
    typeof value.symbol === 'string' &&
    typeof value.epoch === 'string' &&
    Number.isFinite(value.seq) &&
    Number.isFinite(value.fence) &&
    Number.isFinite(value.ts) &&
    Number.isFinite(value.data.price) &&
    typeof value.data.source === 'string'
  )
}

/** Whether decoded JSON is a message of the catalogue; unknown types are skipped, as the protocol's version rule says. */
export function isServerMessage(value: unknown): value is ServerMessage {
  if (!isObject(value)) return false
  if (value.type === 'price_update') return isPriceUpdate(value)
  if (value.type === 'snapshot') return Array.isArray(value.quotes) && value.quotes.every(isPriceUpdate)
  return typeof value.type === 'string'
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
