/** The hook through which components read REST. */
import { useCallback, useSyncExternalStore } from 'react'
import type { ApiError } from '../transport/api'
import { useServices } from './services'

export interface Read<T> {
  readonly data?: T | undefined
  readonly error?: ApiError | undefined
  readonly loading: boolean
}

const NOTHING: Read<never> = { loading: false }

/** Reads `path`, or nothing while it is null. */
export function useRest<T>(path: string | null, everyMs = 0): Read<T> {
  const { reads } = useServices()
  const store = path === null ? null : reads.of(path, everyMs)
  const subscribe = useCallback((callback: () => void) => store?.listen(callback) ?? (() => undefined), [store])
  return useSyncExternalStore(subscribe, () => ((store?.value as Read<T> | undefined) ?? NOTHING)) // `get` would begin to read
}
