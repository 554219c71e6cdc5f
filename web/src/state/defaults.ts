/** The first read: the server's default list with its quotes, so that prices stand before the socket has been greeted. */
import type { QuotesAnswer } from '../contract/rest'
import { isPriceUpdate } from '../contract/rest'
import { quotesPath } from '../transport/polling'
import type { Services } from './services'

export async function loadDefaults({ api, quotes, watchlist }: Pick<Services, 'api' | 'quotes' | 'watchlist'>): Promise<void> {
  try {
    const { quotes: found, missing } = await api.get<QuotesAnswer>(quotesPath([]))
    const updates = found.filter(isPriceUpdate)
    watchlist.offerDefault([...updates.map((update) => update.symbol), ...missing])
    quotes.applyQuotes(updates)
  } catch {
    // the socket and, failing that, the poller bring the same; they also tell the user
  }
}
