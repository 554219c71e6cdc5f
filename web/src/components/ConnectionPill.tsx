/** The page's state in one place: icon, words and colour. */
import { usePageState, useStreamState } from '../state/useQuotes'
import { Icon } from './Icon'
import { RECONNECTING, wordsOf } from './stateWords'

export function ConnectionPill() {
  const state = usePageState()
  const { reason, socket, socketGivenUp } = useStreamState()
  const reconnecting = state === 'stale' && socket.phase !== 'connected' && !socketGivenUp
  const [word, sentence] = reconnecting ? RECONNECTING : wordsOf(state, reason)
  return (
    <div className={`pill state-${state}`} role="status" data-state={state} title={sentence}>
      <Icon name={state} />
      <span>{word}</span>
      <span className="visually-hidden">. {sentence}</span>
    </div>
  )
}
