/** Hooks through which components read the stores; each re-renders only for what it reads. */
import { useCallback, useMemo, useSyncExternalStore } from 'react'
import { ageMs, isStale } from './freshness'
import type { Kind } from './kind'
import { pageStateOf, type PageState } from './pageState'
import type { QuoteRow } from './quoteStore'
import { useServices } from './services'
import type { StreamState } from './stream'
import { useNow } from './ticker'
import type { Value } from './value'

export function useValue<T>(value: Value<T>): T {
  return useSyncExternalStore(value.subscribe, value.get)
}

/** One row; the component re-renders when this symbol changes (once a second where nobody sees it), and at no other time. */
export function useQuote(symbol: string, seen = true): QuoteRow | undefined {
  const { quotes } = useServices()
  const subscribe = useCallback((callback: () => void) => quotes.subscribe(symbol, callback, seen), [quotes, symbol, seen])
  return useSyncExternalStore(subscribe, () => quotes.get(symbol))
}

export function useName(symbol: string): string {
  return useValue(useServices().names.known)[symbol] ?? ''
}

export function useKind(): Kind | null {
  return useValue(useServices().quotes.kind)
}

export function useStreamState(): StreamState {
  return useValue(useServices().stream.state)
}

export interface Freshness {
  readonly ageMs: number
  readonly stale: boolean
}

/** Age and staleness of a row, looked at once a second. */
export function useFreshness(row: QuoteRow | undefined): Freshness | null {
  const now = useNow()
  return useMemo(() => (row ? { ageMs: ageMs(row, now), stale: isStale(row, now) } : null), [row, now])
}

/** The page's one state, looked at once a second and at every change of the stream. */
export function usePageState(): PageState {
  const { quotes } = useServices()
  const stream = useStreamState()
  const kind = useKind()
  const now = useNow()
  const rows = [...quotes.all()]
  const newest = rows.reduce<QuoteRow | undefined>((best, row) => (best && best.update.ts >= row.update.ts ? best : row), undefined)
  return pageStateOf({
    ...stream,
    socket: stream.socket.phase,
    hasQuotes: kind !== null,
    session: newest ? (newest.update.data.session ?? 'open') : null,
    allStale: rows.length > 0 && rows.every((row) => isStale(row, now)),
  })
}
