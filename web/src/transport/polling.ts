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

/** What the server takes in one request. */
const SYMBOLS_PER_REQUEST = 200

export class QuotePoller {
  private timer: number | undefined
  private paths: readonly string[] = []
  private readonly etags = new Map<string, string>()
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
    const next = pathsOf([...symbols].sort())
    if (next.join() === this.paths.join()) return
    this.paths = next
    this.etags.clear() // they belong to the old lists
    if (this.running) void this.poll()
  }

  private async poll(): Promise<void> {
    this.abort?.abort()
    const abort = (this.abort = new AbortController())
    try {
      for (const path of this.paths) await this.read(path, abort.signal)
    } catch (error) {
      if (!abort.signal.aborted) this.owner.onFailure(error)
    }
  }

  private async read(path: string, signal: AbortSignal): Promise<void> {
    const answer = await this.api.request<QuotesAnswer>(path, { etag: this.etags.get(path), signal })
    if (signal.aborted) return
    if (answer.etag) this.etags.set(path, answer.etag)
    this.owner.onQuotes((answer.body?.quotes ?? []).filter(isPriceUpdate), answer.body?.missing ?? [])
  }
}

function pathsOf(symbols: readonly string[]): string[] {
  const paths: string[] = []
  for (let start = 0; start < symbols.length; start += SYMBOLS_PER_REQUEST) {
    paths.push(quotesPath(symbols.slice(start, start + SYMBOLS_PER_REQUEST)))
  }
  return paths
}

/** Path of one request for several symbols; without symbols the server answers with its default list. */
export function quotesPath(symbols: readonly string[]): string {
  return symbols.length === 0 ? '/api/v1/quotes' : `/api/v1/quotes?symbols=${symbols.map(encodeURIComponent).join(',')}`
}
