/** What sort of prices the page shows. Simulated, replayed and real prices are never mixed in one table. */
import type { PriceUpdate } from '../contract/messages'

export type Kind = 'live' | 'simulated' | 'replay'

export function kindOf(update: PriceUpdate): Kind {
  if (update.data.status === 'simulated' || update.data.source.startsWith('sim')) return 'simulated'
  if (update.data.status === 'replay' || update.data.source.startsWith('replay')) return 'replay'
  return 'live'
}
