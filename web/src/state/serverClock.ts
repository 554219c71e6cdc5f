/** The server's time as well as a browser can know it: from the quickest of the last answers that carried a time. */

interface Sample {
  readonly offsetMs: number
  readonly roundTripMs: number
}

const KEPT = 8

export class ServerClock {
  private samples: Sample[] = []

  /** An answer stamped `serverMs` came at `receivedMs` to a question sent at `sentMs` (both local). */
  observe(serverMs: number, sentMs: number, receivedMs: number): void {
    if (!Number.isFinite(serverMs)) return
    const roundTripMs = receivedMs - sentMs
    this.samples = [...this.samples.slice(1 - KEPT), { offsetMs: serverMs - (sentMs + receivedMs) / 2, roundTripMs }]
  }

  now(): number {
    return Date.now() + this.offsetMs
  }

  private get offsetMs(): number {
    const [first, ...others] = this.samples
    if (!first) return 0
    return others.reduce((best, sample) => (sample.roundTripMs < best.roundTripMs ? sample : best), first).offsetMs
  }
}
