/** Which one of the eight states the page is in. A pure function of facts: no timers, no sockets. */
import type { Session } from '../contract/messages'
import type { SocketPhase } from '../transport/quoteSocket'

export type PageState = 'loading' | 'offline' | 'paused' | 'degraded' | 'polling' | 'stale' | 'closed' | 'live'

export interface Facts {
  readonly browserOnline: boolean
  readonly socket: SocketPhase
  /** The socket has been away for so long, or failed so often, that something else must be done. */
  readonly socketGivenUp: boolean
  readonly polling: 'off' | 'starting' | 'working' | 'failing'
  readonly server: 'live' | 'degraded' | 'paused'
  readonly hasQuotes: boolean
  readonly session: Session | null
  /** No price of the page moved within its time although the exchange is open. */
  readonly allStale: boolean
}

/** The first that holds, in the order of what a user must know first. */
export function pageStateOf(facts: Facts): PageState {
  if (isOffline(facts)) return 'offline'
  if (!facts.hasQuotes) return 'loading'
  if (facts.server === 'paused') return 'paused'
  if (facts.server === 'degraded') return 'degraded'
  if (facts.polling === 'working' || facts.polling === 'starting') return 'polling'
  if (isClosed(facts.session)) return 'closed'
  if (facts.allStale || facts.socket !== 'connected') return 'stale'
  return 'live'
}

function isOffline({ browserOnline, socket, socketGivenUp, polling }: Facts): boolean {
  // A browser without a network still reaches a stack on its own machine: what works is believed before what it says.
  if (socket === 'connected' || polling === 'working') return false
  return !browserOnline || (socketGivenUp && (polling === 'off' || polling === 'failing'))
}

/** `null` is unknown: then no rest is claimed. */
function isClosed(session: Session | null): boolean {
  return session === 'closed' || session === 'postclose' || session === 'preopen'
}
