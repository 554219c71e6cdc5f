/** The recent way of a price, drawn small; the figures beside it say the same in words. */
import { memo } from 'react'
import type { Direction } from './Change'

const WIDTH = 88
const HEIGHT = 28
const PADDING = 3

interface Props {
  readonly trail: readonly number[]
  readonly direction: Direction
}

export const Sparkline = memo(function Sparkline({ trail, direction }: Props) {
  if (trail.length < 2) return null
  return (
    <svg className={`sparkline ${direction}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" focusable="false">
      <polyline points={pointsOf(trail)} />
    </svg>
  )
})

function pointsOf(trail: readonly number[]): string {
  const low = Math.min(...trail)
  const span = Math.max(...trail) - low || 1
  const step = WIDTH / (trail.length - 1)
  return trail
    .map((price, index) => {
      const y = HEIGHT - PADDING - ((price - low) / span) * (HEIGHT - 2 * PADDING)
      return `${(index * step).toFixed(1)},${y.toFixed(1)}`
    })
    .join(' ')
}
