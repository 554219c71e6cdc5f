/** The composition root: everything that lives as long as the page, made once and handed to the components by context. */
import { createContext, useContext } from 'react'
import type { Config } from '../config'
import { Api } from '../transport/api'
import { socketUrl } from '../transport/quoteSocket'
import type { Account } from './account'
import { Incidents } from './incidents'
import { Names } from './names'
import { QuoteStore } from './quoteStore'
import { ServerClock } from './serverClock'
import { createSettings, type SettingsValue } from './settings'
import { Stream } from './stream'
import { Reads } from './reads'
import { Value } from './value'
import { Watchlist } from './watchlist'

export interface Services {
  readonly config: Config
  readonly api: Api
  readonly reads: Reads
  readonly quotes: QuoteStore
  readonly stream: Stream
  readonly clock: ServerClock
  readonly incidents: Incidents
  readonly watchlist: Watchlist
  readonly settings: SettingsValue
  readonly names: Names
  /** Null where no sign-in is configured, and until it is loaded. */
  readonly account: Value<Account | null>
}

/** What stands in for the real part in stories and tests. */
export type Substitutes = Partial<Pick<Services, 'api' | 'clock'>>

export function createServices(config: Config, substitutes: Substitutes = {}): Services {
  const account = new Value<Account | null>(null)
  const { api = new Api(config.apiBaseUrl, () => account.get()?.token ?? null), clock = new ServerClock() } = substitutes
  const incidents = new Incidents()
  const quotes = new QuoteStore()
  const wsUrl = config.enableWebSocket ? socketUrl(config.wsUrl, window.location) : null
  return {
    config,
    api,
    quotes,
    clock,
    incidents,
    reads: new Reads(api, incidents),
    stream: new Stream({ wsUrl, fallbackToPolling: config.fallbackToPolling }, api, quotes, clock, incidents),
    watchlist: new Watchlist(),
    settings: createSettings(),
    names: new Names(),
    account,
  }
}

export const ServicesContext = createContext<Services | null>(null)

export function useServices(): Services {
  const services = useContext(ServicesContext)
  if (!services) throw new Error('useServices outside of ServicesContext')
  return services
}
