/** One observable value, optionally kept in the browser's storage. */
import { Listeners } from './listeners'

export class Value<T> {
  private readonly listeners = new Listeners()
  readonly subscribe = this.listeners.add

  constructor(private current: T) {}

  readonly get = (): T => this.current

  set(next: T): void {
    if (Object.is(next, this.current)) return
    this.current = next
    this.listeners.notify()
  }
}

/** A value that survives a reload. Storage may be full, forbidden or hold something older: then `initial` is used. */
export class StoredValue<T> extends Value<T> {
  constructor(
    private readonly key: string,
    initial: T,
    accept: (stored: unknown) => T | undefined,
  ) {
    super(readStored(key, accept) ?? initial)
  }

  override set(next: T): void {
    super.set(next)
    try {
      localStorage.setItem(this.key, JSON.stringify(next))
    } catch {
      // the page works on without memory
    }
  }
}

function readStored<T>(key: string, accept: (stored: unknown) => T | undefined): T | undefined {
  try {
    const text = localStorage.getItem(key)
    return text === null ? undefined : accept(JSON.parse(text))
  } catch {
    return undefined
  }
}
