/** The page's state in one place: icon, words and colour. */
import type { PageState } from '../state/pageState'
import { usePageState, useStreamState } from '../state/useQuotes'
import { Icon } from './Icon'

const WORDS: Record<PageState, readonly [word: string, detail: string]> = {
  loading: ['Loading', 'Waiting for the first prices.'],
  offline: ['Offline', 'No connection. Prices are kept with their age.'],
  paused: ['Paused', 'The operator has paused updates.'],
  degraded: ['Degraded', 'Updates may be late.'],
  polling: ['Polling', 'Live connection lost. Prices are read every 5 s.'],
  stale: ['Stale', 'No new prices have come for a while.'],
  closed: ['Market closed', 'These are the last prices of the day.'],
  live: ['Live', 'Prices arrive as they are traded.'],
}

export function ConnectionPill() {
  const state = usePageState()
  const { reason, socket, socketGivenUp } = useStreamState()
  const [word, detail] = wordsOf(state, state === 'stale' && socket.phase !== 'connected' && !socketGivenUp, reason)
  return (
    <div className={`pill state-${state}`} role="status" data-state={state} title={detail}>
      <Icon name={state} />
      <span>{word}</span>
      <span className="visually-hidden">. {detail}</span>
    </div>
  )
}

function wordsOf(state: PageState, reconnecting: boolean, reason: string | null): readonly [string, string] {
  if (reconnecting) return ['Reconnecting', 'The live connection broke a moment ago.']
  const [word, detail] = WORDS[state]
  return [word, (state === 'paused' || state === 'degraded') && reason ? reason : detail]
}
