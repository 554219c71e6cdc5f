/** Each state of the page as a word and as a sentence. */
import type { PageState } from '../state/pageState'

type Words = readonly [word: string, sentence: string]

const WORDS: Record<PageState, Words> = {
  loading: ['Loading', 'Waiting for the first prices.'],
  offline: ['Offline', 'You are offline. The prices below are the last ones received; each shows its age.'],
  paused: ['Paused', 'Updates are paused by the operator.'],
  degraded: ['Degraded', 'Updates may be late: the server has lost a part of itself and is recovering.'],
  polling: ['Polling', 'The live connection is lost. Prices are read every 5 s while it is being restored.'],
  stale: ['Stale', 'No new prices have come for a while, although the connection stands. Each price shows its age.'],
  closed: ['Market closed', 'The market is closed. These are the last prices of the session.'],
  live: ['Live', 'Prices arrive as they are traded.'],
}

export const RECONNECTING: Words = ['Reconnecting', 'The live connection broke a moment ago.']

/** `reason` is the operator's, where there is one. */
export function wordsOf(state: PageState, reason: string | null): Words {
  return state === 'paused' && reason ? ['Paused', `Updates are paused: ${reason}`] : WORDS[state]
}
