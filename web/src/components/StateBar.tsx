/** Says in a sentence what the pill says in a word, when there is something the user should know. */
import type { PageState } from '../state/pageState'
import type { MarketStatus } from '../contract/rest'
import { useRest } from '../state/useRest'
import { usePageState, useStreamState } from '../state/useQuotes'
import { formatDate, formatTime } from './format'
import { Icon } from './Icon'

const SILENT: readonly PageState[] = ['live', 'loading', 'stale']

export function StateBar() {
  const state = usePageState()
  const { reason } = useStreamState()
  const { data: market } = useRest<MarketStatus>(state === 'closed' ? '/api/v1/market/status' : null, 60_000)
  if (SILENT.includes(state)) return null
  return (
    <p className={`state-bar state-${state}`}>
      <Icon name={state} />
      <span>{sentenceOf(state, reason, market?.nextOpen ?? null)}</span>
    </p>
  )
}

function sentenceOf(state: PageState, reason: string | null, nextOpen: string | null): string {
  if (state === 'offline') return 'You are offline. The prices below are the last ones received; each shows its age.'
  if (state === 'paused') return `Updates are paused${reason ? `: ${reason}` : ' by the operator.'}`
  if (state === 'degraded') return 'Updates may be late: the server has lost a part of itself and is recovering.'
  if (state === 'polling') return 'The live connection is lost. Prices are read every 5 s while it is being restored.'
  const opens = nextOpen === null ? '' : ` It opens ${formatDate(nextOpen)}, ${formatTime(nextOpen)}.`
  return `The market is closed. These are the last prices of the session.${opens}`
}
