import { act, render, renderHook } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { ReactNode } from 'react'
import { parseConfig } from '../config'
import { json, problem, ScriptedServer } from '../testing/scriptedServer'
import { updateOf } from '../testing/updates'
import { createServices, ServicesContext, useServices, type Services } from './services'
import { useNow } from './ticker'
import { useFreshness, useKind, usePageState, useQuote } from './useQuotes'
import { useRest } from './useRest'

let server: ScriptedServer
let services: Services

beforeEach(() => {
  vi.useFakeTimers()
  server = new ScriptedServer()
  services = createServices(parseConfig({}))
  return () => vi.useRealTimers()
})

const wrapper = ({ children }: { children: ReactNode }) => <ServicesContext value={services}>{children}</ServicesContext>
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms))

describe('S127 hooks', () => {
  it('useQuote renders again for its own symbol and for no other', async () => {
    let renders = 0
    const { result } = renderHook(() => ((renders += 1), useQuote('A')), { wrapper })
    const before = renders
    services.quotes.apply(updateOf('B'))
    await pass(20)
    expect(renders, 'two hundred rows must not move because one does').toBe(before)
    services.quotes.apply(updateOf('A', { data: { price: 7 } }))
    await pass(20)
    expect(result.current?.update.data.price).toBe(7)
    expect(renders).toBe(before + 1)
  })

  it('useQuote follows a change of symbol', async () => {
    services.quotes.applyQuotes([updateOf('A'), updateOf('B', { data: { price: 9 } })])
    await pass(20)
    const { result, rerender } = renderHook(({ symbol }) => useQuote(symbol), { wrapper, initialProps: { symbol: 'A' } })
    rerender({ symbol: 'B' })
    expect(result.current?.update.data.price).toBe(9)
  })

  it('useNow ticks once a second for all who look, and stops with the last of them', async () => {
    const timers = vi.spyOn(window, 'setInterval')
    const first = renderHook(() => useNow(), { wrapper })
    const second = renderHook(() => useNow(), { wrapper })
    const before = first.result.current
    await pass(1_000)
    expect(first.result.current - before).toBeGreaterThanOrEqual(1_000)
    expect(timers).toHaveBeenCalledTimes(1)
    first.unmount()
    second.unmount()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('useFreshness grows old by itself', async () => {
    services.quotes.apply(updateOf('A'))
    await pass(20)
    const { result } = renderHook(() => useFreshness(useQuote('A')), { wrapper })
    expect(result.current?.stale).toBe(false)
    await pass(12_000)
    expect(result.current?.stale, 'no message is needed to notice silence').toBe(true)
  })

  it('usePageState and useKind change with the first quote', async () => {
    const { result } = renderHook(() => [usePageState(), useKind()], { wrapper })
    expect(result.current).toEqual(['loading', null])
    act(() => services.stream.state.set({ ...services.stream.state.get(), socket: { phase: 'connected', failedAttempts: 0, code: 0, reason: '' } }))
    services.quotes.apply(updateOf('A'))
    await pass(20)
    expect(result.current).toEqual(['live', 'simulated'])
  })

  it('useRest shares one request between all who ask for the same path', async () => {
    server.answer = () => json({ fine: 1 })
    const { result } = renderHook(() => [useRest<{ fine: number }>('/x'), useRest('/x')], { wrapper })
    await pass(50)
    expect(result.current[0]?.data).toEqual({ fine: 1 })
    expect(server.to('/x')).toHaveLength(1)
  })

  it('useRest asks for nothing while the path is null, and opens an incident when tries run out', async () => {
    server.answer = () => problem(500)
    const { rerender } = renderHook(({ path }: { path: string | null }) => useRest(path), { wrapper, initialProps: { path: null as string | null } })
    await pass(50)
    expect(server.requests).toHaveLength(0)
    rerender({ path: '/x' })
    await pass(5_000)
    expect(services.incidents.open.get()).toHaveLength(1)
  })

  it('useServices says what is missing', () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const Lost = () => <>{useServices().config.appEnv}</>
    expect(() => render(<Lost />)).toThrow('outside of ServicesContext')
  })
})
