/** Says that these prices are not the market's: on top of every state, and never without it. */
import type { Kind } from '../state/kind'
import { useKind } from '../state/useQuotes'

const WORDS: Record<Exclude<Kind, 'live'>, readonly [string, string]> = {
  simulated: ['SIMULATED', 'These prices are made up. They are not the market’s.'],
  replay: ['REPLAY', 'A recorded trading day is played back. These are not today’s prices.'],
}

export function KindMark() {
  const kind = useKind()
  if (kind === null || kind === 'live') return null
  const [word, sentence] = WORDS[kind]
  return (
    <div className={`kind-mark kind-${kind}`} role="note" data-kind={kind}>
      <strong>{word}</strong> <span>{sentence}</span>
    </div>
  )
}
