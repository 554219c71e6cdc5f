import { describe, expect, it } from 'vitest'
import { pageStateOf, type Facts } from './pageState'

const LIVE: Facts = {
  browserOnline: true, socket: 'connected', socketGivenUp: false, polling: 'off', server: 'live', hasQuotes: true, session: 'open', allStale: false,
}

const stateWith = (change: Partial<Facts>) => pageStateOf({ ...LIVE, ...change })

describe('S128 fallback logic: the state of the page', () => {
  it.each<[string, Partial<Facts>, string]>([
    ['all is well', {}, 'live'],
    ['nothing has come yet', { hasQuotes: false, socket: 'connecting' }, 'loading'],
    ['the browser is offline', { browserOnline: false, socket: 'disconnected' }, 'offline'],
    ['the browser is offline and the stack is on its own machine', { browserOnline: false }, 'live'],
    ['the socket is gone and polling is not allowed', { socket: 'disconnected', socketGivenUp: true }, 'offline'],
    ['the socket is gone and polling fails too', { socket: 'disconnected', socketGivenUp: true, polling: 'failing' }, 'offline'],
    ['the socket is gone and polling works', { socket: 'disconnected', socketGivenUp: true, polling: 'working' }, 'polling'],
    ['the socket broke a moment ago', { socket: 'disconnected' }, 'stale'],
    ['no price moves in session', { allStale: true }, 'stale'],
    ['the server lost a part of itself', { server: 'degraded' }, 'degraded'],
    ['the operator paused', { server: 'paused' }, 'paused'],
    ['the exchange is closed', { session: 'closed' }, 'closed'],
    ['the exchange has not opened', { session: 'preopen' }, 'closed'],
    ['the closing auction runs', { session: 'closing-auction' }, 'live'],
  ])('%s', (_, change, state) => {
    expect(stateWith(change)).toBe(state)
  })

  it('shows first what matters most', () => {
    expect(stateWith({ browserOnline: false, socket: 'disconnected', server: 'paused', allStale: true }), 'offline explains everything else').toBe('offline')
    expect(stateWith({ server: 'paused', session: 'closed' })).toBe('paused')
    expect(stateWith({ session: 'closed', allStale: true }), 'a closed market raises no stale alarm').toBe('closed')
  })
})
