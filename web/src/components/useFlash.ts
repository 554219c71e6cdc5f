/** A short flash of a cell when its price moves: at most twice a second, never with reduced motion. */
import { useEffect, useRef, type RefObject } from 'react'
import type { QuoteRow } from '../state/quoteStore'

const FLASH_MS = 150
const MIN_GAP_MS = 500

export function useFlash(cell: RefObject<HTMLElement | null>, row: QuoteRow | undefined): void {
  const last = useRef<{ price: number; at: number } | null>(null)
  useEffect(() => {
    if (!row) return
    const { price } = row.update.data
    const before = last.current
    const now = performance.now()
    const moved = before !== null && before.price !== price
    const flashes = moved && now - before.at >= MIN_GAP_MS
    last.current = { price, at: flashes ? now : (before?.at ?? 0) }
    if (flashes && cell.current) flash(cell.current, row.direction)
  }, [cell, row])
}

function flash(element: HTMLElement, direction: number): void {
  if (window.matchMedia('(prefers-reduced-motion: reduce)').matches) return
  element.dataset.flash = direction < 0 ? 'down' : 'up' // on and off: an animation would be drawn in each frame between
  window.setTimeout(() => delete element.dataset.flash, FLASH_MS)
}
