import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { PriceUpdate } from '../contract/messages'
import { json, problem, ScriptedServer } from '../testing/scriptedServer'
import { updateOf } from '../testing/updates'
import { Api } from './api'
import { POLL_INTERVAL_MS, QuotePoller } from './polling'

let server: ScriptedServer
let poller: QuotePoller
let answers: PriceUpdate[][]
let failures: number

beforeEach(() => {
  vi.useFakeTimers()
  server = new ScriptedServer()
  answers = []
  failures = 0
  poller = new QuotePoller(new Api(''), { onQuotes: (quotes) => answers.push(quotes), onFailure: () => (failures += 1) })
  return () => {
    poller.stop()
    vi.useRealTimers()
  }
})

describe('S128 fallback logic: the poller', () => {
  it('asks at once and then every five seconds', async () => {
    server.answer = () => json({ quotes: [updateOf('A')], missing: [] })
    poller.watch(['A'])
    poller.start()
    await vi.advanceTimersByTimeAsync(2 * POLL_INTERVAL_MS)
    expect(POLL_INTERVAL_MS).toBe(5_000)
    expect(answers).toHaveLength(3)
  })

  it('shows the last ETag and takes 304 for "nothing new"', async () => {
    server.answer = (_, init) => (new Headers(init.headers).has('If-None-Match') ? new Response(null, { status: 304 }) : json({ quotes: [updateOf('A')], missing: [] }, { ETag: '"7"' }))
    poller.watch(['A'])
    poller.start()
    await vi.advanceTimersByTimeAsync(POLL_INTERVAL_MS)
    expect(new Headers(server.requests[1]?.init.headers).get('If-None-Match')).toBe('"7"')
    expect(answers.map((quotes) => quotes.length), 'an unchanged answer is still a sign of life').toEqual([1, 0])
  })

  it('does not show the ETag of another list', async () => {
    server.answer = () => json({ quotes: [], missing: [] }, { ETag: '"7"' })
    poller.watch(['A'])
    poller.start()
    await vi.advanceTimersByTimeAsync(0)
    poller.watch(['A', 'B'])
    await vi.advanceTimersByTimeAsync(0)
    expect(new Headers(server.requests[1]?.init.headers).has('If-None-Match')).toBe(false)
  })

  it('names symbols in the address as the API reads them', () => {
    server.answer = () => json({ quotes: [], missing: [] })
    poller.watch(['M&M', 'BAJAJ-AUTO'])
    poller.start()
    expect(server.requests[0]?.path).toBe('/api/v1/quotes?symbols=BAJAJ-AUTO,M%26M')
  })

  it('asks for a long list in parts that the server takes', async () => {
    server.answer = () => json({ quotes: [], missing: [] })
    poller.watch(Array.from({ length: 450 }, (_, index) => `S${index}`))
    poller.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(server.requests.map(({ path }) => path.split(',').length)).toEqual([200, 200, 50])
  })

  it('reports a failure after its three tries, and goes on', async () => {
    server.answer = () => problem(500)
    poller.watch(['A'])
    poller.start()
    await vi.advanceTimersByTimeAsync(POLL_INTERVAL_MS - 1)
    expect(failures).toBe(1)
    server.answer = () => json({ quotes: [updateOf('A')], missing: [] })
    await vi.advanceTimersByTimeAsync(1)
    expect(answers).toHaveLength(1)
  })

  it('is quiet once stopped', async () => {
    server.answer = () => json({ quotes: [], missing: [] })
    poller.watch(['A'])
    poller.start()
    poller.stop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(answers, 'an answer on its way belongs to nobody').toHaveLength(0)
  })
})
