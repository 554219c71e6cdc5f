/** A set of callbacks: the one way in which the stores of this folder tell React that something changed. */
export class Listeners {
  private readonly callbacks = new Set<() => void>()

  /** Shaped for useSyncExternalStore; returns the way out. */
  readonly add = (callback: () => void): (() => void) => {
    this.callbacks.add(callback)
    return () => this.callbacks.delete(callback)
  }

  readonly notify = (): void => {
    for (const callback of this.callbacks) callback()
  }

  get size(): number {
    return this.callbacks.size
  }
}
