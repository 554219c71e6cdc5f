/** Says in a sentence what the pill says in a word, when there is something the user should know. */
import type { PageState } from '../state/pageState'
import type { MarketStatus } from '../contract/rest'
import { useRest } from '../state/useRest'
import { usePageState, useStreamState } from '../state/useQuotes'
import { formatDate, formatTime } from './format'
import { Icon } from './Icon'
import { wordsOf } from './stateWords'

const SILENT: readonly PageState[] = ['live', 'loading']

export function StateBar() {
  const state = usePageState()
  const { reason, socket } = useStreamState()
  const { data: market } = useRest<MarketStatus>(state === 'closed' ? '/api/v1/market/status' : null, 60_000)
  const reconnecting = state === 'stale' && socket.phase !== 'connected' // the pill says so; it is mostly over in a moment
  if (SILENT.includes(state) || reconnecting) return null
  return (
    <p className={`state-bar state-${state}`}>
      <Icon name={state} />
      <span>{wordsOf(state, reason)[1]}{market?.nextOpen && ` It opens ${formatDate(market.nextOpen)}, ${formatTime(market.nextOpen)}.`}</span>
    </p>
  )
}
