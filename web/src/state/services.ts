/** The composition root: everything that lives as long as the page, made once and handed to the components by context. */
import { createContext, useContext } from 'react'
import type { Config } from '../config'
import { Api } from '../transport/api'
import { socketUrl } from '../transport/quoteSocket'
import { Incidents } from './incidents'
import { QuoteStore } from './quoteStore'
import { ServerClock } from './serverClock'
import { Stream } from './stream'
import { Watchlist } from './watchlist'

export interface Services {
  readonly config: Config
  readonly api: Api
  readonly quotes: QuoteStore
  readonly stream: Stream
  readonly clock: ServerClock
  readonly incidents: Incidents
  readonly watchlist: Watchlist
}

export function createServices(config: Config): Services {
  const api = new Api(config.apiBaseUrl)
  const quotes = new QuoteStore()
  const clock = new ServerClock()
  const incidents = new Incidents()
  const wsUrl = config.enableWebSocket ? socketUrl(config.wsUrl, window.location) : null
  const stream = new Stream({ wsUrl, fallbackToPolling: config.fallbackToPolling }, api, quotes, clock, incidents)
  return { config, api, quotes, stream, clock, incidents, watchlist: new Watchlist() }
}

export const ServicesContext = createContext<Services | null>(null)

export function useServices(): Services {
  const services = useContext(ServicesContext)
  if (!services) throw new Error('useServices outside of ServicesContext')
  return services
}
