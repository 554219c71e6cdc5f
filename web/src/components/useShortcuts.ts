/** The page's keys: `/` searches, `?` helps. Not while something is typed or another dialog is open. */
import { useEffect } from 'react'
import type { DialogName } from './dialogs'

const KEYS: Readonly<Record<string, DialogName>> = { '/': 'search', '?': 'help' }

export function useShortcuts(open: (dialog: DialogName) => void): void {
  useEffect(() => {
    const handle = (event: KeyboardEvent): void => {
      const dialog = KEYS[event.key]
      if (!dialog || event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target)) return
      event.preventDefault()
      open(dialog)
    }
    window.addEventListener('keydown', handle)
    return () => window.removeEventListener('keydown', handle)
  }, [open])
}

function isTaken(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, dialog.modal') !== null
}
