/** The page's state in one place: icon, words and colour. */
import type { PageState } from '../state/pageState'
import { useStreamState, usePageState } from '../state/useQuotes'
import { StateIcon } from './StateIcon'

const WORDS: Record<PageState, string> = {
  loading: 'Loading',
  offline: 'Offline',
  paused: 'Paused',
  degraded: 'Degraded',
  polling: 'Polling',
  stale: 'Stale',
  closed: 'Market closed',
  live: 'Live',
}

const DETAILS: Record<PageState, string> = {
  loading: 'Waiting for the first prices.',
  offline: 'No connection. Prices are kept with their age.',
  paused: 'The operator has paused updates.',
  degraded: 'Updates may be late.',
  polling: 'Live connection lost. Prices are read every 5 s.',
  stale: 'No new prices have come for a while.',
  closed: 'Last prices of the day.',
  live: 'Prices arrive as they are traded.',
}

export function ConnectionPill() {
  const state = usePageState()
  const { reason, socket } = useStreamState()
  const reconnecting = state === 'stale' && socket.phase !== 'connected'
  const detail = reconnecting ? 'Reconnecting.' : (state === 'paused' && reason) || DETAILS[state]
  return (
    <div className={`pill state-${state}`} role="status" data-state={state} title={detail}>
      <StateIcon state={state} />
      <span>{reconnecting ? 'Reconnecting' : WORDS[state]}</span>
      <span className="visually-hidden">. {detail}</span>
    </div>
  )
}
