import { beforeEach, describe, expect, it, vi } from 'vitest'
import { json, problem, ScriptedServer } from '../testing/scriptedServer'
import { Api } from '../transport/api'
import { Account } from './account'
import { Incidents } from './incidents'
import { Watchlist } from './watchlist'

const auth = vi.hoisted(() => ({ follow: null as ((event: string, session: unknown) => void) | null }))
vi.mock('@supabase/auth-js', () => ({
  GoTrueClient: class {
    onAuthStateChange(callback: (event: string, session: unknown) => void): void {
      auth.follow = callback
    }
  },
}))

const SESSION = { access_token: 'token-1', user: { id: 'u1', email: 'a@b.example' } }
let server: ScriptedServer
let watchlist: Watchlist
let incidents: Incidents
let account: Account

beforeEach(async () => {
  vi.useFakeTimers()
  server = new ScriptedServer()
  watchlist = new Watchlist()
  incidents = new Incidents()
  const api: Api = new Api('', () => account.token)
  account = new Account({ url: 'https://project.example', publishableKey: 'public' }, api, watchlist, incidents)
  await account.start()
  return () => vi.useRealTimers()
})

const bodyOf = (init?: RequestInit) => JSON.parse(init?.body as string) as object

async function signIn(stored: readonly object[]): Promise<void> {
  server.answer = (_, init) => json(init.method === 'GET' ? { watchlists: stored } : { id: 'w1', ...(bodyOf(init)) })
  auth.follow?.('SIGNED_IN', SESSION)
  await vi.advanceTimersByTimeAsync(10)
}

const methods = () => server.requests.map(({ init }) => init.method)

describe('the list in the account', () => {
  it('replaces the browser’s when the user signs in', async () => {
    await signIn([{ id: 'w1', name: 'Watchlist', symbols: ['ITC', 'SBIN'] }])
    expect(watchlist.state.get().symbols).toEqual(['ITC', 'SBIN'])
    expect(new Headers(server.requests[0]?.init.headers).get('Authorization')).toBe('Bearer token-1')
  })

  it('is made from the browser’s where the account has none', async () => {
    watchlist.replace(['TCS'])
    await signIn([])
    expect(bodyOf(server.requests.at(-1)?.init)).toEqual({ name: 'Watchlist', symbols: ['TCS'] })
    expect(methods()).toEqual(['GET', 'POST'])
  })

  it('is saved once after several changes', async () => {
    await signIn([{ id: 'w1', name: 'Watchlist', symbols: ['ITC'] }])
    watchlist.add('TCS')
    watchlist.add('INFY')
    await vi.advanceTimersByTimeAsync(1_100)
    expect(methods()).toEqual(['GET', 'PUT'])
    expect(server.requests.at(-1)?.path).toBe('/api/v1/watchlists/w1')
  })

  it('is not touched by somebody who is not signed in', async () => {
    watchlist.add('WIPRO')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(server.requests).toHaveLength(0)
  })

  it('tells the user when it cannot be kept, and keeps it in the browser', async () => {
    await signIn([{ id: 'w1', name: 'Watchlist', symbols: ['ITC'] }])
    server.answer = () => problem(503)
    watchlist.add('TCS')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(incidents.open.get().map(({ key }) => key)).toEqual(['account'])
    expect(localStorage.getItem('watchlist')).toContain('TCS')
  })
})
