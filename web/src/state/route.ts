/** Which address of the page is open: the list, or one symbol (`/s/TCS`). */
import { Value } from './value'

export interface Route {
  /** Null on the list. */
  readonly symbol: string | null
}

const SYMBOL = /^\/s\/([^/]+)\/?$/

export const route = new Value<Route>(routeOf(window.location.pathname))

export function routeOf(path: string): Route {
  const [, encoded] = SYMBOL.exec(path) ?? []
  if (!encoded) return { symbol: null }
  try {
    return { symbol: decodeURIComponent(encoded).toUpperCase() }
  } catch {
    return { symbol: null }
  }
}

export function pathOf(symbol: string | null): string {
  return symbol === null ? '/' : `/s/${encodeURIComponent(symbol)}`
}

export function navigate(symbol: string | null): void {
  const path = pathOf(symbol)
  if (path !== window.location.pathname) window.history.pushState(null, '', path)
  route.set(routeOf(path))
}

/** Follows the browser's own back and forward. */
export function followHistory(): void {
  window.addEventListener('popstate', () => route.set(routeOf(window.location.pathname)))
}
