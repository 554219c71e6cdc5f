/** Callbacks that may wait a second, called a few at a time: two hundred rows out of sight must not all be drawn in one frame. */
const WAIT_MS = 1_000
const STEP_MS = 50
const AT_ONCE = 20

export class SlowListeners {
  /** When each waiting callback is due, the earliest first. */
  private readonly due = new Map<() => void, number>()
  private timer: number | undefined

  /** Has `callback` called once, in a second; asked again meanwhile, it is called no sooner and no oftener. */
  later(callback: () => void): void {
    if (this.due.has(callback)) return
    this.due.set(callback, performance.now() + WAIT_MS)
    this.timer ??= window.setInterval(this.step, STEP_MS)
  }

  forget(callback: () => void): void {
    this.due.delete(callback)
  }

  private readonly step = (): void => {
    let left = AT_ONCE
    for (const [callback, at] of this.due) {
      if (at > performance.now() || left === 0) return
      left -= 1
      this.due.delete(callback)
      callback()
    }
    window.clearInterval(this.timer)
    this.timer = undefined
  }
}
