/** What jsdom lacks and the page uses. */
import { cleanup } from '@testing-library/react'
import { afterEach, vi } from 'vitest'

/** Media queries that hold, for tests that want another screen. */
export const media = { matching: new Set<string>() }

vi.stubGlobal('matchMedia', (query: string) => ({
  matches: media.matching.has(query),
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
}))

HTMLDialogElement.prototype.showModal = function showModal(): void {
  this.open = true
}
HTMLDialogElement.prototype.close = function close(): void {
  this.open = false
  this.dispatchEvent(new Event('close'))
}

afterEach(() => {
  cleanup()
  localStorage.clear()
  media.matching.clear()
  window.history.replaceState(null, '', '/')
})
