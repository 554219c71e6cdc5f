/** One shape per state: colour never stands alone. */
import type { PageState } from '../state/pageState'

const PATHS: Record<PageState, string> = {
  loading: 'M8 2.5a5.5 5.5 0 1 1-5.5 5.5',
  offline: 'M3 3l10 10M5.2 7.2a5.5 5.5 0 0 1 2-1M10.5 7.1c.4.2.8.5 1.1.8M8 11.5h.01M2.6 5.6c.6-.6 1.2-1 1.9-1.4M8 3.4c2 0 4 .8 5.4 2.2',
  paused: 'M5.5 3.5v9M10.5 3.5v9',
  degraded: 'M8 2.5l6 10.5H2zM8 6.5v3M8 11.3h.01',
  polling: 'M13 5a5.5 5.5 0 0 0-9.8-.6M3 11a5.5 5.5 0 0 0 9.8.6M13.2 2.4V5h-2.6M2.8 13.6V11h2.6',
  stale: 'M8 4.5V8l2.4 1.6M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2z',
  closed: 'M12.8 9.6A5.4 5.4 0 0 1 6.4 3.2 5.4 5.4 0 1 0 12.8 9.6z',
  live: 'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6z',
}

export function StateIcon({ state }: { readonly state: PageState }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[state]} fill={state === 'live' ? 'currentColor' : 'none'} />
    </svg>
  )
}
