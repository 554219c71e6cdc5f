import { useSyncExternalStore } from 'react'

/** Whether a media query holds, kept current. */
export function useMedia(query: string): boolean {
  const subscribe = (callback: () => void): (() => void) => {
    const list = window.matchMedia(query)
    list.addEventListener('change', callback)
    return () => list.removeEventListener('change', callback)
  }
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches)
}

/** Room for list and detail side by side. */
export const WIDE = '(min-width: 1024px)'
