import { beforeEach, describe, expect, it, vi } from 'vitest'
import { updateOf } from '../testing/updates'
import { QuoteStore } from './quoteStore'

let store: QuoteStore

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['requestAnimationFrame', 'setTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] })
  store = new QuoteStore()
  return () => vi.useRealTimers()
})

const frame = () => vi.advanceTimersToNextFrame()
const live = { source: 'nse', status: 'live' } as const

describe('quote store', () => {
  it('tells a row once per frame, however many updates came', () => {
    const told = vi.fn()
    store.subscribe('A', told)
    for (let seq = 1; seq <= 50; seq += 1) store.apply(updateOf('A', { seq, data: { price: 100 + seq } }))
    expect(told, 'nothing is drawn between two frames').not.toHaveBeenCalled()
    frame()
    expect(told).toHaveBeenCalledTimes(1)
    expect(store.get('A')?.update.data.price, 'and then it is the newest').toBe(150)
  })

  it('tells only the rows that changed', () => {
    const other = vi.fn()
    store.subscribe('B', other)
    store.apply(updateOf('A'))
    frame()
    expect(other).not.toHaveBeenCalled()
  })

  it('tells an unseen row once a second only, and then of the newest', () => {
    const told = vi.fn(() => store.get('A')?.update.data.price)
    store.subscribe('A', told, false)
    for (let seq = 1; seq <= 30; seq += 1) {
      store.apply(updateOf('A', { seq, data: { price: 100 + seq } }))
      frame()
    }
    expect(told).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1_000)
    expect(told).toHaveBeenCalledTimes(1)
    expect(told).toHaveLastReturnedWith(130)
  })

  it('never goes back to an older price', () => {
    store.apply(updateOf('A', { seq: 9, data: { price: 109 } }))
    store.applyQuotes([updateOf('A', { seq: 8, data: { price: 108 } })])
    frame()
    expect(store.get('A')?.update.data.price).toBe(109)
  })

  it('remembers where the price came from and which way it went', () => {
    store.apply(updateOf('A', { seq: 1, ts: 1_000, data: { price: 100 } }))
    store.apply(updateOf('A', { seq: 2, ts: 2_000, data: { price: 99 } }))
    store.apply(updateOf('A', { seq: 3, ts: 3_000, data: { price: 99 } }))
    frame()
    expect(store.get('A')).toMatchObject({ direction: -1, trail: [99.5, 100, 99] })
  })

  it('takes one price a second into the trail, so that a small line is not drawn ten times a second', () => {
    for (let step = 0; step <= 20; step += 1) store.apply(updateOf('A', { seq: step + 1, ts: 1_000 + step * 100, data: { price: 100 + step } }))
    frame()
    expect(store.get('A')?.trail).toEqual([99.5, 100, 110, 120])
  })

  it('spreads many unseen rows over time instead of drawing them all at once', () => {
    let told = 0
    for (let row = 0; row < 200; row += 1) {
      store.subscribe(`S${row}`, () => (told += 1), false)
      store.apply(updateOf(`S${row}`))
    }
    frame()
    vi.advanceTimersByTime(1_050)
    expect(told).toBeGreaterThan(0)
    expect(told, 'no moment has to bear all of them').toBeLessThanOrEqual(40)
    vi.advanceTimersByTime(1_000)
    expect(told, 'and all come soon').toBe(200)
  })

  it('tells nobody who has left meanwhile', () => {
    const told = vi.fn()
    const leave = store.subscribe('A', told, false)
    store.apply(updateOf('A'))
    frame()
    leave()
    vi.advanceTimersByTime(2_000)
    expect(told).not.toHaveBeenCalled()
  })

  it('flushes in a background tab too, where no frames come', () => {
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    store.apply(updateOf('A'))
    vi.advanceTimersByTime(250)
    expect(store.get('A')).toBeDefined()
  })
})

describe('simulated prices never stand beside real ones', () => {
  it('drops all simulated rows with the first newer real price', () => {
    store.apply(updateOf('A', { ts: 1_000 }))
    store.apply(updateOf('B', { ts: 1_000 }))
    frame()
    expect(store.kind.get()).toBe('simulated')
    store.apply(updateOf('A', { ts: 2_000, fence: 2, epoch: 'e2', data: live }))
    frame()
    expect(store.kind.get()).toBe('live')
    expect(store.get('B'), 'B is simulated and must go').toBeUndefined()
  })

  it('ignores simulated leftovers after the switch', () => {
    store.apply(updateOf('A', { ts: 2_000, data: live }))
    store.apply(updateOf('B', { ts: 1_500 }))
    frame()
    expect(store.get('B')).toBeUndefined()
    expect(store.kind.get()).toBe('live')
  })

  it('tells the rows that vanish', () => {
    const told = vi.fn()
    store.apply(updateOf('B', { ts: 1_000 }))
    frame()
    store.subscribe('B', told)
    store.apply(updateOf('A', { ts: 2_000, data: live }))
    expect(told).toHaveBeenCalled()
  })
})
