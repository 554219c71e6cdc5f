/** The fallback while the socket is away: asks for the quotes of the watched symbols every five seconds, with ETag. */
import type { PriceUpdate } from '../contract/messages'
import { isPriceUpdate, type QuotesAnswer } from '../contract/rest'
import type { Api } from './api'

export const POLL_INTERVAL_MS = 5_000

export interface PollOwner {
  /** An answer came; empty when nothing changed since the last one. */
  onQuotes(quotes: PriceUpdate[], missing: string[]): void
  onFailure(error: unknown): void
}

export class QuotePoller {
  private timer: number | undefined
  private symbols: string[] = []
  private etag: string | undefined
  private abort: AbortController | null = null

  constructor(
    private readonly api: Api,
    private readonly owner: PollOwner,
  ) {}

  get running(): boolean {
    return this.timer !== undefined
  }

  start(): void {
    if (this.running) return
    this.timer = window.setInterval(() => void this.poll(), POLL_INTERVAL_MS)
    void this.poll()
  }

  stop(): void {
    window.clearInterval(this.timer)
    this.timer = undefined
    this.abort?.abort()
    this.abort = null
  }

  watch(symbols: Iterable<string>): void {
    const next = [...symbols].sort()
    if (next.join() === this.symbols.join()) return
    this.symbols = next
    this.etag = undefined // it belongs to the old list
    if (this.running) void this.poll()
  }

  private async poll(): Promise<void> {
    if (this.symbols.length === 0) return
    this.abort?.abort()
    const abort = (this.abort = new AbortController())
    try {
      const answer = await this.api.request<QuotesAnswer>(quotesPath(this.symbols), { etag: this.etag, signal: abort.signal })
      if (abort.signal.aborted) return
      this.etag = answer.etag
      this.owner.onQuotes((answer.body?.quotes ?? []).filter(isPriceUpdate), answer.body?.missing ?? [])
    } catch (error) {
      if (!abort.signal.aborted) this.owner.onFailure(error)
    }
  }
}

/** Path of one request for several symbols; without symbols the server answers with its default list. */
export function quotesPath(symbols: readonly string[]): string {
  return symbols.length === 0 ? '/api/v1/quotes' : `/api/v1/quotes?symbols=${symbols.map(encodeURIComponent).join(',')}`
}
