import { beforeEach, describe, expect, it, vi } from 'vitest'
import { json, problem, ScriptedServer } from '../testing/scriptedServer'
import { Api, ApiError, TRIES } from './api'

let server: ScriptedServer
let api: Api

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
  server = new ScriptedServer()
  api = new Api('')
  return () => vi.useRealTimers()
})

/** Runs all waits of a request; returns its error, or null. */
async function outcome(request: Promise<unknown>): Promise<unknown> {
  const settled = request.then(() => null, (error: unknown) => error)
  await vi.runAllTimersAsync()
  return settled
}

describe('S131 API communication', () => {
  it('tries three times in all, then says what the server said', async () => {
    server.answer = () => problem(503)
    const error = await outcome(api.get('/api/v1/quotes'))
    expect(server.requests, 'the promise is three tries').toHaveLength(TRIES)
    expect(error).toMatchObject({ status: 503, message: 'refused with 503' })
  })

  it('is content with the first good answer', async () => {
    let failures = 2
    server.answer = () => (failures-- > 0 ? problem(500) : json({ fine: true }))
    const request = api.get('/api/v1/quotes')
    expect(await outcome(request)).toBeNull()
    expect(await request).toEqual({ fine: true })
  })

  it.each([400, 401, 403, 404, 422, 501])('does not repeat what stays refused: %i', async (status) => {
    server.answer = () => problem(status)
    await outcome(api.get('/x'))
    expect(server.requests).toHaveLength(1)
  })

  it('waits as long as Retry-After says', async () => {
    let refused = false
    server.answer = () => (refused ? json({}) : ((refused = true), problem(429, { 'Retry-After': '2' })))
    void api.get('/x')
    await vi.advanceTimersByTimeAsync(1_999)
    expect(server.requests).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(server.requests, 'the server named its time').toHaveLength(2)
  })

  it('treats an unreachable server as one that may come back', async () => {
    server.answer = () => Promise.reject(new TypeError('network'))
    const error = (await outcome(api.get('/x'))) as ApiError
    expect(server.requests).toHaveLength(TRIES)
    expect(error.transient).toBe(true)
  })

  it('tells an unchanged answer from a new one by its ETag', async () => {
    server.answer = (_, init) => (new Headers(init.headers).get('If-None-Match') === '"1"' ? new Response(null, { status: 304 }) : json({ a: 1 }, { ETag: '"1"' }))
    const first = await api.request('/x')
    const second = await api.request('/x', { etag: first.etag })
    expect(first).toEqual({ body: { a: 1 }, etag: '"1"' })
    expect(second).toEqual({ body: null, etag: '"1"' })
  })

  it('shows the token in a header, never in the address', async () => {
    server.answer = () => json({})
    await new Api('', () => 'secret-token').get('/api/v1/watchlists')
    expect(new Headers(server.requests[0]?.init.headers).get('Authorization')).toBe('Bearer secret-token')
    expect(server.requests[0]?.path).not.toContain('secret-token')
  })

  it('stops waiting when nobody wants the answer any more', async () => {
    server.answer = () => problem(503)
    const abort = new AbortController()
    const request = api.request('/x', { signal: abort.signal })
    const settled = expect(request, 'the caller must not wait either').rejects.toThrow('aborted')
    await vi.advanceTimersByTimeAsync(0)
    abort.abort()
    await settled
    await vi.runAllTimersAsync()
    expect(server.requests).toHaveLength(1)
  })
})
