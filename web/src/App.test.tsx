import { act, fireEvent, screen } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ScriptedPage } from './testing/page'
import { updateOf } from './testing/updates'

vi.mock('./components/ChartPanel', () => ({ default: () => null })) // drawn on a canvas, which jsdom has not; the browser tests see it

let page: ScriptedPage

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
  return () => {
    page.close()
    vi.useRealTimers()
  }
})

async function opened(config: Record<string, unknown> = {}): Promise<ScriptedPage> {
  page = new ScriptedPage(config)
  await page.open()
  return page
}

async function openedLive(): Promise<ScriptedPage> {
  await opened()
  await page.when(() => page.server.newest.greet())
  return page
}

describe('S130 WS subscribe flow', () => {
  it('shows the default list from REST before the socket is greeted', async () => {
    await opened()
    expect(page.price('TCS'), 'the first view must not wait for the socket').toBe('3128.6')
  })

  it('subscribes to what the page shows, and shows what comes', async () => {
    await openedLive()
    const asked = [...page.server.newest.asked('subscribe').flatMap((message) => message.symbols), ...page.server.newest.asked('resync').flatMap((message) => Object.keys(message.symbols))]
    expect(asked).toEqual(expect.arrayContaining(['TCS', 'INFY', 'NIFTY 50']))
    await page.when(() => page.server.newest.tell(updateOf('TCS', { seq: 2, data: { price: 3130 } })))
    expect(page.price('TCS')).toBe('3130')
    expect(page.pill).toBe('live')
  })

  it('adds a searched symbol, subscribes to it and keeps it', async () => {
    await openedLive()
    fireEvent.keyDown(document.body, { key: '/' })
    await page.loaded()
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'wip' } })
    await page.pass(50)
    fireEvent.click(page.button('Add WIPRO to the list'))
    await page.pass(20)
    expect(page.server.newest.asked('subscribe').at(-1)?.symbols).toEqual(['WIPRO'])
    expect(localStorage.getItem('watchlist')).toContain('WIPRO')
  })

  it('unsubscribes from a removed symbol', async () => {
    await openedLive()
    fireEvent.click(page.button('Edit'))
    fireEvent.click(page.button('Remove INFY'))
    await page.pass(20)
    expect(page.server.newest.asked('unsubscribe').at(-1)?.symbols).toEqual(['INFY'])
  })

  it('says of a refused symbol that this source does not offer it', async () => {
    await openedLive()
    act(() => page.services.watchlist.add('NOSUCH'))
    await page.when(() => page.server.newest.tell({ type: 'subscribed', symbols: [], rejected: [{ symbol: 'NOSUCH', code: 'unknown_symbol', text: 'unknown' }], current: 3, limit: 500 }))
    expect(page.row('NOSUCH').textContent).toContain('not offered here')
  })
})

describe('S132 error recovery', () => {
  it('keeps the prices of a lost connection and goes on where it stopped', async () => {
    await openedLive()
    await page.when(() => page.server.newest.tell(updateOf('TCS', { seq: 5, data: { price: 3131 } })))
    await page.when(() => page.server.newest.drop())
    expect(page.price('TCS')).toBe('3131')
    expect(page.pill, 'the page must not claim to be live').not.toBe('live')
    await page.pass(500)
    await page.when(() => page.server.newest.greet())
    expect(page.server.newest.asked('resync')[0]?.symbols.TCS).toEqual({ epoch: 'e1', seq: 5 })
    expect(page.pill).toBe('live')
  })

  it('leaves its socket when the browser goes offline, and is back with the network', async () => {
    await openedLive()
    const old = page.server.newest
    await page.when(() => window.dispatchEvent(new Event('offline')))
    expect(old.closedByPage, 'a dead socket may stay open for minutes').not.toBeNull()
    expect(page.pill).toBe('offline')
    await page.when(() => window.dispatchEvent(new Event('online')))
    await page.when(() => page.server.newest.greet())
    expect(page.pill).toBe('live')
  })

  it('shows degraded and paused with the reason, and leaves both by itself', async () => {
    await openedLive()
    await page.when(() => page.server.newest.tell({ type: 'status', state: 'degraded', timestamp: '' }))
    expect(page.pill).toBe('degraded')
    await page.when(() => page.server.newest.tell({ type: 'status', state: 'live', timestamp: '' }))
    expect(page.pill).toBe('live')
    await page.when(() => page.server.newest.tell({ type: 'status', state: 'paused', reason: 'exchange halt', timestamp: '' }))
    expect(page.pill).toBe('paused')
    expect(page.see('Updates are paused: exchange halt')).toBeDefined()
    await page.when(() => page.server.newest.tell({ type: 'status', state: 'resumed', timestamp: '' }))
    expect(page.pill).toBe('live')
  })

  it('marks old prices row by row, and the page when none moves any more', async () => {
    await openedLive()
    await page.pass(9_000)
    await page.when(() => page.server.newest.tell(updateOf('TCS', { seq: 2, ts: Date.now(), data: { price: 3132 } })))
    await page.pass(3_000)
    expect(page.row('INFY').querySelector('.age-dot.stale'), 'INFY is 12 s old').not.toBeNull()
    expect(page.row('TCS').querySelector('.age-dot.stale')).toBeNull()
    expect(page.pill).toBe('live')
    await page.pass(9_000)
    expect(page.pill).toBe('stale')
  })

  it('tells of one incident once, however many requests fail in it', async () => {
    page = new ScriptedPage({ VITE_ENABLE_WEBSOCKET: 'false' })
    page.restFails = true
    await page.open()
    await page.pass(30_000)
    expect(page.toasts(), 'one toast for the quotes, one for the details at most').toBeLessThanOrEqual(2)
    const before = page.toasts()
    fireEvent.click(page.button('Dismiss', document.querySelector<HTMLElement>('.toast') ?? document.body))
    await page.pass(30_000)
    expect(page.toasts(), 'a dismissed incident stays dismissed').toBe(before - 1)
  })

  it('shows an operator’s notice at once and lets it be dismissed', async () => {
    await openedLive()
    await page.when(() => page.server.newest.tell({ type: 'status', state: 'live', notice: { text: 'Maintenance at noon', severity: 'warning' }, timestamp: '' }))
    await page.loaded()
    expect(page.see('Maintenance at noon')).toBeDefined()
    fireEvent.click(page.button('Dismiss notice'))
    expect(screen.queryByText('Maintenance at noon')).toBeNull()
  })
})

describe('S132 error recovery: one part fails', () => {
  it('keeps the prices when a dialog cannot be shown', async () => {
    await openedLive()
    page.answers['/api/v1/symbols'] = { symbols: [{ symbol: 7 }] } // nothing the page can work with
    fireEvent.keyDown(document.body, { key: '/' })
    await page.loaded()
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'wip' } })
    await page.pass(50)
    expect(page.price('TCS'), 'the table must outlive the dialog').toBe('3128.6')
    expect(page.see(/could not be shown/)).toBeDefined()
  })
})

describe('S133 polling fallback', () => {
  it('polls after three seconds without a socket, while reconnecting goes on', async () => {
    await openedLive()
    await page.when(() => page.server.newest.drop())
    const before = page.server.to('/api/v1/quotes?').length
    await page.pass(2_900)
    expect(page.server.to('/api/v1/quotes?').length, 'not before three seconds').toBe(before)
    await page.pass(200)
    expect(page.server.to('/api/v1/quotes?').length).toBe(before + 1)
    expect(page.pill).toBe('polling')
    const sockets = page.server.sockets.length
    await page.pass(15_000)
    expect(page.server.sockets.length, 'the socket is still tried').toBeGreaterThan(sockets)
  })

  it('polls at the tenth failed attempt at the latest', async () => {
    vi.mocked(Math.random).mockReturnValue(0) // no waits: ten attempts fail within three seconds
    await opened()
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await page.when(() => page.server.newest.drop())
      await page.pass(5)
    }
    expect(page.pill).toBe('polling')
  })

  it('shows what polling brings, and returns to the socket', async () => {
    await openedLive()
    await page.when(() => page.server.newest.drop())
    page.quotes = [updateOf('TCS', { seq: 9, data: { price: 3140 } })]
    await page.pass(4_000)
    expect(page.price('TCS')).toBe('3140')
    await page.when(() => page.server.newest.greet())
    const polls = page.server.to('/api/v1/quotes?').length
    await page.pass(11_000)
    expect(page.server.to('/api/v1/quotes?').length, 'polling ends with the socket').toBe(polls)
    expect(page.pill).not.toBe('polling')
  })

  it('opens no socket where it is switched off, and polls', async () => {
    await opened({ VITE_ENABLE_WEBSOCKET: 'false' })
    await page.pass(100)
    expect(page.server.sockets).toHaveLength(0)
    expect(page.pill).toBe('polling')
  })

  it('never polls where that is switched off, and says offline', async () => {
    await opened({ VITE_FALLBACK_TO_POLLING: 'false' })
    await page.when(() => page.server.newest.drop())
    await page.pass(20_000)
    expect(page.pill).toBe('offline')
    expect(page.server.to('/api/v1/quotes?'), 'only the first view’s default list is read').toHaveLength(0)
  })

  it('says offline when polling fails too, and comes back', async () => {
    await openedLive()
    page.restFails = true
    await page.when(() => page.server.newest.drop())
    await page.pass(8_000)
    expect(page.pill).toBe('offline')
    page.restFails = false
    await page.pass(6_000)
    expect(page.pill).toBe('polling')
  })
})
