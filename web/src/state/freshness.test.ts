import { describe, expect, it } from 'vitest'
import type { Quote } from '../contract/messages'
import { updateOf } from '../testing/updates'
import { ageMs, isStale } from './freshness'
import type { QuoteRow } from './quoteStore'

const NOW = Date.UTC(2026, 5, 12, 6)

function rowOf(agoMs: number, data: Partial<Quote> = {}, gapMs: number | null = null): QuoteRow {
  return { update: updateOf('A', { ts: NOW - agoMs, data }), direction: 0, trail: [], trailMs: 0, gapMs }
}

const live = { source: 'nse', status: 'live' } as const
const replay = { source: 'replay', status: 'replay' } as const

describe('freshness of a row', () => {
  it('is late after ten seconds in session', () => {
    expect(isStale(rowOf(10_000, live), NOW)).toBe(false)
    expect(isStale(rowOf(10_001, live), NOW)).toBe(true)
  })

  it('counts a real price from when its source saw it, however often it is published again', () => {
    const row = rowOf(100, { ...live, sourceTime: new Date(NOW - 30_000).toISOString() })
    expect(ageMs(row, NOW)).toBe(30_000)
    expect(isStale(row, NOW), 'a mute feed behind a busy socket must show').toBe(true)
  })

  it('counts a recorded price from its publication, because its own time is another day’s', () => {
    expect(ageMs(rowOf(3_000, { ...replay, sourceTime: '2016-01-01T04:00:00.000Z' }), NOW)).toBe(3_000)
  })

  it('knows the rhythm of a recording before it calls it late', () => {
    expect(isStale(rowOf(75_000, replay), NOW), 'bars of five minutes are not late after ten seconds').toBe(false)
    expect(isStale(rowOf(13_000, replay, 4_000), NOW), 'three times its own rhythm is late').toBe(true)
  })

  it('believes the server that calls a price stale', () => {
    expect(isStale(rowOf(0, { ...live, status: 'stale' }), NOW)).toBe(true)
  })

  it('raises no alarm outside the session', () => {
    expect(isStale(rowOf(3_600_000, { ...live, session: 'closed' }), NOW)).toBe(false)
  })
})
