/** Last quotes in the browser's storage, so that a page without a connection still shows them, with their age. */
import { isPriceUpdate } from '../contract/rest'
import type { QuoteStore } from './quoteStore'

const KEY = 'quotes'
const SAVE_EVERY_MS = 5_000
const KEPT = 200

export function loadCachedQuotes(quotes: QuoteStore): void {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]')
    if (Array.isArray(stored)) quotes.applyQuotes(stored.filter(isPriceUpdate))
  } catch {
    // nothing usable is stored
  }
}

export function keepCachedQuotes(quotes: QuoteStore): void {
  const save = (): void => {
    try {
      localStorage.setItem(KEY, JSON.stringify([...quotes.all()].slice(0, KEPT).map((row) => row.update)))
    } catch {
      // storage is full or forbidden: the page works on without memory
    }
  }
  window.setInterval(save, SAVE_EVERY_MS)
  window.addEventListener('pagehide', save)
}
