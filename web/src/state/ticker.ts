/** The page's second hand: one timer for every age and clock on the page. */
import { useSyncExternalStore } from 'react'
import { Listeners } from './listeners'
import { useServices } from './services'
import type { ServerClock } from './serverClock'

class Ticker {
  private readonly listeners = new Listeners()
  private timer: number | undefined
  private currentMs: number

  constructor(private readonly clock: ServerClock) {
    this.currentMs = clock.now()
  }

  readonly subscribe = (callback: () => void): (() => void) => {
    const leave = this.listeners.add(callback)
    this.timer ??= window.setInterval(this.tick, 1_000)
    return () => {
      leave()
      if (this.listeners.size > 0) return
      window.clearInterval(this.timer)
      this.timer = undefined
    }
  }

  readonly get = (): number => this.currentMs

  private readonly tick = (): void => {
    this.currentMs = this.clock.now()
    this.listeners.notify()
  }
}

const tickers = new WeakMap<ServerClock, Ticker>()

/** The server's time in Unix ms, renewed once a second. */
export function useNow(): number {
  const { clock } = useServices()
  let ticker = tickers.get(clock)
  if (!ticker) tickers.set(clock, (ticker = new Ticker(clock)))
  return useSyncExternalStore(ticker.subscribe, ticker.get)
}
