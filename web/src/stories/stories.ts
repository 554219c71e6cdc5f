/** Every state of the page as a story: what the stream and the prices look like in it. Figures are made up. */
import type { Quote, Session, Status } from '../contract/messages'
import type { Incidents } from '../state/incidents'
import type { StreamState } from '../state/stream'

/** 12 June 2026, 11:42:18 IST. */
const MORNING_MS = Date.UTC(2026, 5, 12, 6, 12, 18)
/** The same day at 17:00 IST. */
const EVENING_MS = Date.UTC(2026, 5, 12, 11, 30)

export interface Story {
  readonly nowMs?: number
  readonly stream?: Partial<StreamState>
  /** Age of every price, in seconds; absent: fresh. */
  readonly ageSeconds?: number
  /** Age of some prices only. */
  readonly lateSymbols?: Readonly<Record<string, number>>
  readonly quotes?: boolean
  readonly source?: Pick<Quote, 'source'> & { readonly status: Status }
  readonly session?: Session
  readonly report?: (incidents: Incidents) => void
}

export function nowOf(story: Story): number {
  return story.nowMs ?? MORNING_MS
}

const SIMULATED = { source: 'simulated', status: 'simulated' } as const
const REPLAY = { source: 'replay', status: 'replay' } as const
const LIVE = { source: 'nse', status: 'live' } as const

const LOST = { phase: 'disconnected', failedAttempts: 3, code: 1006, reason: '' } as const

export const STORIES: Readonly<Record<string, Story>> = {
  loading: { quotes: false },
  live: { source: LIVE },
  stale: { source: LIVE, ageSeconds: 42 },
  late: { source: LIVE, lateSymbols: { INFY: 42, LT: 95 } },
  degraded: { source: LIVE, stream: { server: 'degraded' }, lateSymbols: { TCS: 14 } },
  polling: { source: LIVE, stream: { socket: LOST, socketGivenUp: true, polling: 'working' } },
  offline: {
    source: LIVE,
    ageSeconds: 190,
    stream: { browserOnline: false, socket: LOST, socketGivenUp: true, polling: 'failing' },
    report: (incidents) => incidents.report('api', 'Prices could not be read. Trying again; what you see may be old.'),
  },
  paused: { source: LIVE, ageSeconds: 25, stream: { server: 'paused', reason: 'maintenance until 12:00 IST' } },
  closed: { source: LIVE, session: 'closed', ageSeconds: 5_400, nowMs: EVENING_MS },
  simulated: { source: SIMULATED },
  replay: { source: REPLAY },
  notice: { source: LIVE, stream: { notice: { text: 'Release 42 goes out at 12:00 IST. Prices will not stop.', severity: 'warning' } } },
}
