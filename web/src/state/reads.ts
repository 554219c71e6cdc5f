/** REST reads, cached, shared and repeated per path (Nano Stores Query); tries and backoff are the transport's. */
import { nanoquery, type FetcherStore } from '@nanostores/query'
import { ApiError, type Api } from '../transport/api'
import type { Incidents } from './incidents'

/** An answer younger than this is not asked for again. */
const FRESH_MS = 30_000

type Store = FetcherStore<unknown, ApiError>

/** The page's reads. One store per path: whoever asks for the same path gets the same answer. */
export class Reads {
  private readonly stores = new Map<string, Store>()
  private readonly create: (keys: string[], settings: { revalidateInterval: number }) => Store

  constructor(api: Api, incidents: Incidents) {
    const fetcher = async (path: string | number | true): Promise<unknown> => {
      const body = await api.get<unknown>(String(path))
      incidents.resolve('rest')
      return body
    }
    const onError = (error: unknown): void => {
      if (error instanceof ApiError && error.transient) incidents.report('rest', `Some details could not be read. ${error.message}`)
    }
    const [create] = nanoquery({ fetcher, onError, onErrorRetry: false, dedupeTime: FRESH_MS })
    this.create = create
  }

  /** `everyMs` reads the path again and again while somebody looks at it; 0 once. */
  of(path: string, everyMs: number): Store {
    let store = this.stores.get(path)
    if (!store) this.stores.set(path, (store = this.create([path], { revalidateInterval: everyMs })))
    return store
  }
}
