import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Position, ServerMessage } from '../contract/messages'
import { ScriptedServer } from '../testing/scriptedServer'
import { updateOf } from '../testing/updates'
import { BACKOFF, CONNECT_TIMEOUT_MS, MIN_UPTIME_MS, QuoteSocket, SILENCE_MS, socketUrl, type SocketState } from './quoteSocket'

let server: ScriptedServer
let states: SocketState[]
let messages: ServerMessage[]
let positions: Record<string, Position>
let socket: QuoteSocket

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1) // the longest wait that full jitter may choose
  server = new ScriptedServer()
  states = []
  messages = []
  positions = {}
  socket = new QuoteSocket('ws://stack/ws', {
    onMessage: (message) => messages.push(message),
    onState: (state) => states.push(state),
    positionOf: (symbol) => positions[symbol],
  })
  return () => {
    socket.stop()
    vi.useRealTimers()
  }
})

const phase = () => states.at(-1)?.phase

/** Lets every attempt fail and returns the waits between them. */
function failTimes(times: number): number[] {
  return Array.from({ length: times }, () => {
    const before = Date.now()
    const opened = server.sockets.length
    server.newest.drop()
    while (server.sockets.length === opened) vi.advanceTimersByTime(1)
    return Date.now() - before
  })
}

describe('S126 WS service: connecting', () => {
  it('counts as connected only after the greeting, because an accepted socket may still be refused', () => {
    socket.start()
    server.newest.readyState = 1
    expect(phase()).toBe('connecting')
    server.newest.greet()
    expect(phase()).toBe('connected')
  })

  it('gives up an attempt that is not greeted in time', () => {
    socket.start()
    vi.advanceTimersByTime(CONNECT_TIMEOUT_MS)
    expect(phase(), 'a server that accepts and says nothing must not hold the page forever').toBe('disconnected')
    expect(server.sockets[0]?.closedByPage).not.toBeNull()
  })

  it('opens one socket however often it is started', () => {
    socket.start()
    socket.start()
    expect(server.sockets).toHaveLength(1)
  })

  it('resolves the address against the page, secure where the page is', () => {
    expect(socketUrl('/ws', { protocol: 'https:', host: 'stocks.example' })).toBe('wss://stocks.example/ws')
    expect(socketUrl('/ws', { protocol: 'http:', host: '127.0.0.1:8080' })).toBe('ws://127.0.0.1:8080/ws')
    expect(socketUrl('wss://other.example/ws', { protocol: 'https:', host: 'stocks.example' })).toBe('wss://other.example/ws')
  })
})

describe('S126 WS service: reconnecting', () => {
  it('waits exponentially longer, up to the cap', () => {
    socket.start()
    expect(failTimes(7)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
    expect(BACKOFF.capMs, 'the promise is ten seconds at most').toBe(10_000)
  })

  it('spreads clients by full jitter: half the dice, half the wait', () => {
    vi.mocked(Math.random).mockReturnValue(0.5)
    socket.start()
    expect(failTimes(3)).toEqual([250, 500, 1_000])
  })

  it('keeps counting attempts when the server accepts and drops at once', () => {
    socket.start()
    server.newest.drop()
    vi.advanceTimersByTime(BACKOFF.baseMs)
    server.newest.greet()
    vi.advanceTimersByTime(MIN_UPTIME_MS - 1)
    server.newest.drop()
    expect(states.at(-1)?.failedAttempts, 'a short life must not reset the backoff').toBe(2)
  })

  it('forgets failed attempts after a life of minUptime', () => {
    socket.start()
    server.newest.drop()
    vi.advanceTimersByTime(BACKOFF.baseMs)
    server.newest.greet()
    vi.advanceTimersByTime(MIN_UPTIME_MS)
    expect(states.at(-1)?.failedAttempts).toBe(0)
  })

  it('returns within the time that a draining node asked for', () => {
    vi.mocked(Math.random).mockReturnValue(0.5)
    socket.start()
    server.newest.greet()
    server.newest.tell({ type: 'status', state: 'draining', retryAfterMs: 800, timestamp: '' })
    server.newest.drop(1012)
    vi.advanceTimersByTime(399)
    expect(server.sockets).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(server.sockets, 'clients must come back spread over the hint').toHaveLength(2)
  })

  it('comes back slowly after a refusal, because nothing has changed meanwhile', () => {
    socket.start()
    server.newest.greet()
    server.newest.drop(4400, 'bad message')
    vi.advanceTimersByTime(BACKOFF.capMs - 1)
    expect(server.sockets).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(server.sockets).toHaveLength(2)
  })

  it('retries at once when told that the network is back', () => {
    socket.start()
    failTimes(5)
    server.newest.drop()
    const before = server.sockets.length
    socket.retryNow()
    expect(server.sockets).toHaveLength(before + 1)
  })

  it('asks after silence and leaves a server that does not answer', () => {
    socket.start()
    server.newest.greet()
    vi.advanceTimersByTime(SILENCE_MS)
    expect(server.newest.asked('ping'), 'a quiet market is not a dead server: ask first').toHaveLength(1)
    vi.advanceTimersByTime(SILENCE_MS)
    expect(phase(), 'an open socket that says nothing is a lost one').toBe('disconnected')
  })

  it('stays while the answers come', () => {
    socket.start()
    server.newest.greet()
    for (let round = 0; round < 4; round += 1) {
      vi.advanceTimersByTime(SILENCE_MS)
      server.newest.tell({ type: 'pong', timestamp: '' })
    }
    expect(phase()).toBe('connected')
  })

  it('is silent for good once stopped', () => {
    socket.start()
    server.newest.greet()
    socket.stop()
    vi.advanceTimersByTime(60_000)
    expect(server.sockets).toHaveLength(1)
    expect(server.newest.closedByPage?.code).toBe(1000)
  })
})

describe('S126 WS service: subscriptions', () => {
  it('sends only the difference', () => {
    socket.watch(['A', 'B'])
    socket.start()
    server.newest.greet()
    socket.watch(['B', 'C'])
    expect(server.newest.asked('subscribe').map((message) => message.symbols)).toEqual([['A', 'B'], ['C']])
    expect(server.newest.asked('unsubscribe').map((message) => message.symbols)).toEqual([['A']])
  })

  it('goes on after a reconnect from where it stopped, and subscribes to what it does not hold', () => {
    socket.watch(['A', 'B'])
    socket.start()
    server.newest.greet()
    positions = { A: { epoch: 'e1', seq: 7 } }
    server.newest.drop()
    vi.advanceTimersByTime(BACKOFF.baseMs)
    server.newest.greet()
    expect(server.newest.asked('resync')[0]?.symbols).toEqual({ A: { epoch: 'e1', seq: 7 } })
    expect(server.newest.asked('subscribe')[0]?.symbols).toEqual(['B'])
  })

  it('subscribes anew where resync is refused', () => {
    positions = { A: { epoch: 'e1', seq: 7 } }
    socket.watch(['A'])
    socket.start()
    server.newest.greet()
    server.newest.tell({ type: 'error', code: 'unknown_action', text: 'no such action', timestamp: '' })
    expect(server.newest.asked('subscribe')[0]?.symbols, 'no symbol may stay without updates').toEqual(['A'])
  })
})

describe('S126 WS service: frames', () => {
  it('takes several updates of one tick from one frame', () => {
    socket.start()
    server.newest.greet()
    const lines = [updateOf('A'), updateOf('B')].map((update) => JSON.stringify(update)).join('\n')
    server.newest.tellRaw(lines)
    expect(messages.filter((message) => message.type === 'price_update')).toHaveLength(2)
  })

  it.each([['no JSON', '{oops'], ['no object', '[1]'], ['no price', '{"type":"price_update","symbol":"A","data":{"price":null}}'], ['binary', new ArrayBuffer(4)]])(
    'leaves a bad frame aside: %s',
    (_, frame) => {
      socket.start()
      server.newest.greet()
      const before = messages.length
      server.newest.tellRaw(frame)
      server.newest.tell(updateOf('A'))
      expect(messages.length, 'the next good frame still counts').toBe(before + 1)
    },
  )
})
