/** Up or down by shape, sign and colour together, so that no reader depends on one of them. */
import { formatChange, formatPercent, UNKNOWN } from './format'

export type Direction = 'up' | 'down' | 'flat'

const MARKS: Record<Direction, string> = { up: '▲', down: '▼', flat: '■' }

export function directionOf(change: number | null | undefined): Direction {
  return change ? (change > 0 ? 'up' : 'down') : 'flat'
}

interface Props {
  readonly change: number | null | undefined
  readonly percent?: number | null | undefined
  /** `both` for `▲ +12.30 (+0.50%)`. */
  readonly show: 'change' | 'percent' | 'both'
}

export function Change({ change, percent, show }: Props) {
  if (change === null || change === undefined) return <span className="change muted" title="No previous close is known">{UNKNOWN}</span>
  const direction = directionOf(change)
  const text = { change: formatChange(change), percent: formatPercent(percent), both: `${formatChange(change)} (${formatPercent(percent)})` }[show]
  return (
    <span className={`change ${direction}`}>
      <span className="mark" aria-hidden="true">{MARKS[direction]}</span> {text}
    </span>
  )
}
