/** One socket that stays: connects, subscribes, notices silence, reconnects with full jitter.
 * Decides when the socket counts as up; leaves what a message means to its owner. */
import type { ClientMessage, Position, ServerMessage } from '../contract/messages'
import { isServerMessage } from '../contract/rest'
import { backoffDelayMs, type Backoff } from './backoff'
import { Subscription } from './subscription'

export type SocketPhase = 'disconnected' | 'connecting' | 'connected'

export interface SocketState {
  readonly phase: SocketPhase
  /** Attempts that failed since the socket was last up for MIN_UPTIME_MS. */
  readonly failedAttempts: number
  /** Close code of the last loss, 0 before the first. */
  readonly code: number
  readonly reason: string
}

export interface SocketOwner {
  onMessage(message: ServerMessage): void
  onState(state: SocketState): void
  /** Last update held for a symbol, so that a reconnect can go on from there. */
  positionOf(symbol: string): Position | undefined
}

export const BACKOFF: Backoff = { baseMs: 500, capMs: 10_000 }
/** A connection that dies sooner does not reset the count of attempts, or a server that accepts and drops is hammered. */
export const MIN_UPTIME_MS = 5_000
export const CONNECT_TIMEOUT_MS = 5_000
/** After this long without a frame the server is asked; after twice as long the socket counts as dead. */
export const SILENCE_MS = 10_000
const WATCH_MS = 2_500
/** Our own close code: the server went silent. */
const CLOSE_SILENT = 4000
/** The node goes away on purpose and has said over what time its clients should return (services/contract/closing.py). */
const CLOSE_RESTART = 1012
/** After these something must change before it makes sense to come back soon: bad message, token. */
const CLOSE_REFUSED: readonly number[] = [4400, 4401]

export class QuoteSocket {
  private socket: WebSocket | null = null
  private state: SocketState = { phase: 'disconnected', failedAttempts: 0, code: 0, reason: '' }
  private readonly subscription: Subscription
  private retryTimer: number | undefined
  private connectTimer: number | undefined
  private uptimeTimer: number | undefined
  private watchTimer: number | undefined
  private lastFrameAt = 0
  private asked = false
  private running = false
  private drainMs = 0

  constructor(
    private readonly url: string,
    private readonly owner: SocketOwner,
  ) {
    this.subscription = new Subscription((symbol) => owner.positionOf(symbol))
  }

  start(): void {
    if (this.running) return
    this.running = true
    this.connect()
  }

  stop(): void {
    this.running = false
    this.clearTimers()
    this.detach()?.close(1000)
    this.setState({ phase: 'disconnected' })
  }

  /** Connects at once instead of waiting out the backoff, for example when the browser is online again. */
  retryNow(): void {
    if (!this.running || this.state.phase !== 'disconnected') return
    window.clearTimeout(this.retryTimer)
    this.connect()
  }

  /** Leaves a connection that can no longer be trusted and makes a new one. */
  renew(reason: string): void {
    if (this.state.phase === 'connected') this.drop(CLOSE_SILENT, reason)
  }

  /** Replaces the set of symbols to hold; only the difference is sent. */
  watch(symbols: Iterable<string>): void {
    this.subscription.want(symbols)
    if (this.state.phase === 'connected') this.sendAll(this.subscription.difference())
  }

  send(message: ClientMessage): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message))
  }

  private sendAll(messages: readonly ClientMessage[]): void {
    for (const message of messages) this.send(message)
  }

  private connect(): void {
    this.setState({ phase: 'connecting' })
    let socket: WebSocket
    try {
      socket = new WebSocket(this.url)
    } catch (error) {
      this.lose(0, String(error))
      return
    }
    this.socket = socket
    this.connectTimer = window.setTimeout(() => this.drop(CLOSE_SILENT, 'no greeting in time'), CONNECT_TIMEOUT_MS)
    socket.onmessage = (event: MessageEvent<unknown>) => this.receive(event.data)
    socket.onclose = (event) => this.lose(event.code, event.reason)
  }

  private receive(data: unknown): void {
    this.lastFrameAt = Date.now()
    this.asked = false
    if (typeof data !== 'string') return
    // One frame may carry several updates of one tick, a line each.
    for (const line of data.includes('\n') ? data.split('\n') : [data]) {
      const message = decode(line)
      if (message) this.take(message)
    }
  }

  private take(message: ServerMessage): void {
    if (message.type === 'connected') this.opened()
    if (message.type === 'subscribed') this.subscription.confirm()
    if (message.type === 'status' && message.state === 'draining') this.drainMs = message.retryAfterMs ?? 0
    if (message.type === 'error') this.sendAll(this.subscription.insteadOfResync())
    this.owner.onMessage(message)
  }

  private opened(): void {
    window.clearTimeout(this.connectTimer)
    this.uptimeTimer = window.setTimeout(() => this.setState({ failedAttempts: 0 }), MIN_UPTIME_MS)
    this.watchTimer = window.setInterval(() => this.checkSilence(), WATCH_MS)
    this.drainMs = 0
    const first = this.subscription.begin()
    this.setState({ phase: 'connected' })
    this.sendAll(first)
  }

  private checkSilence(): void {
    const silentMs = Date.now() - this.lastFrameAt
    if (silentMs >= 2 * SILENCE_MS) this.drop(CLOSE_SILENT, 'the server went silent')
    else if (silentMs >= SILENCE_MS && !this.asked) {
      this.asked = true
      this.send({ action: 'ping' })
    }
  }

  /** Closes from our side without waiting for the peer, which may be gone. */
  private drop(code: number, reason: string): void {
    this.detach()?.close(code, reason)
    this.lose(code, reason)
  }

  private detach(): WebSocket | null {
    const socket = this.socket
    if (socket) {
      socket.onmessage = null
      socket.onclose = null
    }
    this.socket = null
    return socket
  }

  private lose(code: number, reason: string): void {
    this.detach()
    this.clearTimers()
    if (!this.running) return
    this.retryTimer = window.setTimeout(() => this.connect(), this.delayAfter(code))
    this.setState({ phase: 'disconnected', failedAttempts: this.state.failedAttempts + 1, code, reason })
  }

  private delayAfter(code: number): number {
    if (code === CLOSE_RESTART && this.drainMs > 0) return Math.round(Math.random() * this.drainMs)
    if (CLOSE_REFUSED.includes(code)) return BACKOFF.capMs
    return backoffDelayMs(BACKOFF, this.state.failedAttempts)
  }

  private clearTimers(): void {
    window.clearTimeout(this.retryTimer)
    window.clearTimeout(this.connectTimer)
    window.clearTimeout(this.uptimeTimer)
    window.clearInterval(this.watchTimer)
  }

  private setState(change: Partial<SocketState>): void {
    this.state = { ...this.state, ...change }
    this.owner.onState(this.state)
  }
}

function decode(line: string): ServerMessage | null {
  try {
    const value: unknown = JSON.parse(line)
    return isServerMessage(value) ? value : null
  } catch {
    return null // one bad frame must not take the page down; silence or a gap will tell
  }
}

/** Resolves the configured address against the page's own: `/ws` becomes `wss://host/ws` on an https page. */
export function socketUrl(configured: string, page: { protocol: string; host: string }): string {
  if (!configured.startsWith('/')) return configured
  return `${page.protocol === 'https:' ? 'wss:' : 'ws:'}//${page.host}${configured}`
}
