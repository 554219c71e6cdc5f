/** Keeps the quotes coming: socket first, polling while it is away. Decides when to fall back and when to return;
 * what the page shows for it is pageState's business. */
import type { Notice, PriceUpdate, Refusal, ServerMessage } from '../contract/messages'
import type { Api } from '../transport/api'
import { QuotePoller, type PollOwner } from '../transport/polling'
import { QuoteSocket, type SocketOwner, type SocketState } from '../transport/quoteSocket'
import type { Incidents } from './incidents'
import type { QuoteStore } from './quoteStore'
import type { ServerClock } from './serverClock'
import { Value } from './value'

export interface StreamState {
  readonly browserOnline: boolean
  readonly socket: SocketState
  readonly socketGivenUp: boolean
  readonly polling: 'off' | 'starting' | 'working' | 'failing'
  readonly server: 'live' | 'degraded' | 'paused'
  readonly reason: string | null
  readonly notice: Notice | null
  readonly release: string | null
  /** Symbols the server does not serve, with its reason. */
  readonly refused: ReadonlyMap<string, string>
}

export interface StreamOptions {
  /** Null: no socket is ever opened. */
  readonly wsUrl: string | null
  readonly fallbackToPolling: boolean
}

/** Polling starts when the socket was away this long, or failed this often, whichever is first. */
export const GIVE_UP_AFTER_MS = 3_000
export const GIVE_UP_AFTER_ATTEMPTS = 10
const PING_MS = 20_000

const INITIAL: StreamState = {
  browserOnline: true,
  socket: { phase: 'disconnected', failedAttempts: 0, code: 0, reason: '' },
  socketGivenUp: false,
  polling: 'off',
  server: 'live',
  reason: null,
  notice: null,
  release: null,
  refused: new Map(),
}

export class Stream implements SocketOwner, PollOwner {
  readonly state = new Value<StreamState>(INITIAL)
  /** From publication to arrival of the last update, in ms; null before the first. Read once a second, so nobody is told. */
  latencyMs: number | null = null
  private readonly socket: QuoteSocket | null
  private readonly poller: QuotePoller
  private readonly interests = new Map<string, readonly string[]>()
  private giveUpTimer: number | undefined
  private pingTimer: number | undefined
  private connectingSince = 0

  constructor(
    private readonly options: StreamOptions,
    api: Api,
    private readonly quotes: QuoteStore,
    private readonly clock: ServerClock,
    private readonly incidents: Incidents,
  ) {
    this.socket = options.wsUrl === null ? null : new QuoteSocket(options.wsUrl, this)
    this.poller = new QuotePoller(api, this)
  }

  start(): void {
    window.addEventListener('online', this.onOnline)
    window.addEventListener('offline', this.onOffline)
    this.change({ browserOnline: navigator.onLine })
    if (this.socket === null) this.giveUp()
    else {
      this.expectSocket()
      this.socket.start()
    }
  }

  stop(): void {
    window.removeEventListener('online', this.onOnline)
    window.removeEventListener('offline', this.onOffline)
    window.clearTimeout(this.giveUpTimer)
    window.clearInterval(this.pingTimer)
    this.poller.stop()
    this.socket?.stop()
  }

  /** Names what one part of the page needs; the stream holds the union of all parts. */
  watch(part: string, symbols: readonly string[]): void {
    this.interests.set(part, symbols)
    const union = new Set([...this.interests.values()].flat())
    this.socket?.watch(union)
    this.poller.watch(union)
  }

  dismissNotice(): void {
    this.change({ notice: null })
  }

  positionOf(symbol: string) {
    return this.quotes.positionOf(symbol)
  }

  onMessage(message: ServerMessage): void {
    this.quotes.apply(message)
    if (message.type === 'price_update') this.measure(message)
    else if (message.type === 'connected') this.greeted(message.timestamp, message.release)
    else if (message.type === 'pong') this.clock.observe(Date.parse(message.timestamp), Number(message.id), Date.now())
    else if (message.type === 'subscribed') this.refuse(message.symbols, message.rejected ?? [])
    else if (message.type === 'status') {
      if (message.notice) this.change({ notice: message.notice })
      if (message.state === 'paused' || message.state === 'degraded') {
        this.change({ server: message.state, reason: message.reason ?? null })
      } else if (message.state !== 'draining') this.change({ server: 'live', reason: null })
    }
  }

  onState(socket: SocketState): void {
    const before = this.state.get().socket.phase
    this.change({ socket })
    if (socket.phase === 'connecting') this.connectingSince = Date.now()
    if (socket.phase === 'connected' && before !== 'connected') this.recovered()
    if (socket.phase === 'disconnected') {
      window.clearInterval(this.pingTimer)
      if (before === 'connected') this.expectSocket()
      if (socket.failedAttempts >= GIVE_UP_AFTER_ATTEMPTS) this.giveUp()
    }
  }

  onQuotes(quotes: PriceUpdate[], missing: string[]): void {
    this.quotes.applyQuotes(quotes)
    this.refuse(quotes.map((quote) => quote.symbol), missing.map((symbol) => ({ symbol, code: 'unknown_symbol', text: 'not served' })))
    this.incidents.resolve('api')
    this.change({ polling: 'working' })
  }

  onFailure(): void {
    this.incidents.report('api', 'Prices could not be read. Trying again; what you see may be old.')
    this.change({ polling: 'failing' })
  }

  private readonly onOnline = (): void => {
    this.change({ browserOnline: true })
    this.socket?.retryNow()
  }

  /** The open socket may be dead and never say so; a new one tells at once whether the server is out of reach. */
  private readonly onOffline = (): void => {
    this.change({ browserOnline: false })
    this.socket?.renew('the browser is offline')
  }

  private greeted(timestamp: string, release: string): void {
    this.clock.observe(Date.parse(timestamp), this.connectingSince, Date.now())
    this.change({ release, server: 'live', reason: null })
    window.clearInterval(this.pingTimer)
    const ping = (): void => this.socket?.send({ action: 'ping', id: Date.now() })
    this.pingTimer = window.setInterval(ping, PING_MS)
    ping()
  }

  private recovered(): void {
    window.clearTimeout(this.giveUpTimer)
    this.poller.stop()
    this.incidents.resolve('api')
    this.change({ socketGivenUp: false, polling: 'off' })
  }

  private expectSocket(): void {
    window.clearTimeout(this.giveUpTimer)
    this.giveUpTimer = window.setTimeout(() => this.giveUp(), GIVE_UP_AFTER_MS)
  }

  private giveUp(): void {
    if (this.state.get().socketGivenUp) return
    window.clearTimeout(this.giveUpTimer)
    this.change({ socketGivenUp: true, server: 'live', reason: null })
    if (!this.options.fallbackToPolling) return
    this.change({ polling: 'starting' })
    this.poller.start()
  }

  private measure(update: PriceUpdate): void {
    this.latencyMs = Math.max(0, this.clock.now() - update.ts)
  }

  private refuse(served: readonly string[], rejected: readonly Refusal[]): void {
    if (rejected.length === 0 && !served.some((symbol) => this.state.get().refused.has(symbol))) return
    const refused = new Map(this.state.get().refused)
    for (const symbol of served) refused.delete(symbol)
    for (const refusal of rejected) refused.set(refusal.symbol, refusal.text)
    this.change({ refused })
  }

  private change(change: Partial<StreamState>): void {
    this.state.set({ ...this.state.get(), ...change })
  }
}
