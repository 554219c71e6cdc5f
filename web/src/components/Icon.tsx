/** The page's own small icon set: strokes of one weight on a 16-unit grid. */
import type { PageState } from '../state/pageState'

const PATHS = {
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5l3.5 3.5',
  settings: 'M2 4.5h6M12 4.5h2M2 11.5h2M8 11.5h6M10 2.7a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6zM6 9.7a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6z',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  plus: 'M8 3v10M3 8h10',
  up: 'M8 13V3.5M3.8 7.5L8 3.2l4.2 4.3',
  down: 'M8 3v9.5M3.8 8.5L8 12.8l4.2-4.3',
  back: 'M10 3L5 8l5 5',
  edit: 'M2 4h7M2 8h5M2 12h4M9 11.5l4.6-4.6 1.2 1.2L10.2 12.7l-1.8.6z',
  check: 'M3 8.5l3.2 3.2L13 4.8',
  loading: 'M8 2.5a5.5 5.5 0 1 1-5.5 5.5',
  offline: 'M3 3l10 10M5.2 7.2a5.5 5.5 0 0 1 2-1M10.5 7.1c.4.2.8.5 1.1.8M8 11.5h.01M2.6 5.6c.6-.6 1.2-1 1.9-1.4M8 3.4c2 0 4 .8 5.4 2.2',
  paused: 'M5.5 3.5v9M10.5 3.5v9',
  degraded: 'M8 2.5l6 10.5H2zM8 6.5v3M8 11.3h.01',
  polling: 'M13 5a5.5 5.5 0 0 0-9.8-.6M3 11a5.5 5.5 0 0 0 9.8.6M13.2 2.4V5h-2.6M2.8 13.6V11h2.6',
  stale: 'M8 4.5V8l2.4 1.6M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2z',
  closed: 'M12.8 9.6A5.4 5.4 0 0 1 6.4 3.2 5.4 5.4 0 1 0 12.8 9.6z',
  live: 'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z',
} satisfies Record<string, string> & Record<PageState, string>

export type IconName = keyof typeof PATHS

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}
