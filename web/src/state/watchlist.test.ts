import { beforeEach, describe, expect, it } from 'vitest'
import { updateOf } from '../testing/updates'
import { nextSort, sortSymbols } from './quoteOrder'
import type { QuoteRow } from './quoteStore'
import { pathOf, routeOf } from './route'
import { FIRST_SYMBOLS, Watchlist } from './watchlist'

let watchlist: Watchlist

beforeEach(() => {
  watchlist = new Watchlist()
})

const symbols = () => watchlist.state.get().symbols

describe('watchlist', () => {
  it('begins with ten well-known names', () => {
    expect(symbols()).toEqual(FIRST_SYMBOLS)
  })

  it('follows the server’s default list, well-known names first, without indices', () => {
    watchlist.offerDefault(['ACC', 'NIFTY 50', 'TCS', 'SENSEX'])
    expect(symbols()).toEqual(['TCS', 'ACC'])
  })

  it('takes ten of a server that offers everything', () => {
    watchlist.offerDefault([...FIRST_SYMBOLS, ...Array.from({ length: 100 }, (_, index) => `S${index}`)])
    expect(symbols()).toEqual(FIRST_SYMBOLS)
  })

  it('is the user’s own after the first change, and survives a reload', () => {
    watchlist.remove('TCS')
    watchlist.add('M&M')
    watchlist.offerDefault(['ACC'])
    expect(new Watchlist().state.get()).toEqual({ symbols: symbols(), own: true })
    expect(symbols().at(-1)).toBe('M&M')
  })

  it('moves within its bounds', () => {
    watchlist.replace(['A', 'B', 'C'])
    watchlist.move('A', 1)
    expect(symbols()).toEqual(['B', 'A', 'C'])
    watchlist.move('A', 9)
    expect(symbols()).toEqual(['B', 'C', 'A'])
    watchlist.move('B', -1)
    expect(symbols()).toEqual(['B', 'C', 'A'])
  })

  it.each(['{oops', '"text"', '{"symbols":[1]}', 'null'])('begins anew where storage holds %s', (stored) => {
    localStorage.setItem('watchlist', stored)
    expect(new Watchlist().state.get().symbols).toEqual(FIRST_SYMBOLS)
  })
})

describe('order of the table', () => {
  const rows: Record<string, QuoteRow> = Object.fromEntries(
    Object.entries({ A: 1, B: 3, C: 2 }).map(([symbol, price]) => [symbol, { update: updateOf(symbol, { data: { price, change: null } }), direction: 0, trail: [], trailMs: 0, gapMs: null }]),
  )
  const sorted = (key: 'symbol' | 'price' | 'change', descending: boolean) => sortSymbols(['C', 'A', 'D', 'B'], { key, descending }, (symbol) => rows[symbol]).join('')

  it('puts what is unknown last in either direction', () => {
    expect(sorted('price', true)).toBe('BCAD')
    expect(sorted('price', false)).toBe('ACBD')
    expect(sorted('change', true)).toBe('CADB')
  })

  it('cycles through a head: largest, smallest, own order; names from A', () => {
    const first = nextSort(null, 'price')
    expect(first).toEqual({ key: 'price', descending: true })
    expect(nextSort(first, 'price')).toEqual({ key: 'price', descending: false })
    expect(nextSort({ key: 'price', descending: false }, 'price')).toBeNull()
    expect(nextSort(first, 'symbol')).toEqual({ key: 'symbol', descending: false })
  })
})

describe('addresses', () => {
  it.each([['TCS', '/s/TCS'], ['M&M', '/s/M%26M'], ['BAJAJ-AUTO', '/s/BAJAJ-AUTO'], ['NIFTY 50', '/s/NIFTY%2050']])('%s has a deep link', (symbol, path) => {
    expect(pathOf(symbol)).toBe(path)
    expect(routeOf(path)).toEqual({ symbol })
  })

  it.each(['/', '/x', '/s/', '/s/%E0%A4%A', '/s/a/b'])('%s is the list', (path) => {
    expect(routeOf(path)).toEqual({ symbol: null })
  })

  it('reads a lower-case link', () => {
    expect(routeOf('/s/tcs')).toEqual({ symbol: 'TCS' })
  })
})
