/** In which order the table shows its symbols. */
import type { QuoteRow } from './quoteStore'
import type { Sort, SortKey } from './settings'

/** Symbols without a known value come last in either direction. */
export function sortSymbols(symbols: readonly string[], sort: Sort | null, rowOf: (symbol: string) => QuoteRow | undefined): readonly string[] {
  if (sort === null) return symbols
  const sign = sort.descending ? -1 : 1
  if (sort.key === 'symbol') return symbols.toSorted((a, b) => sign * a.localeCompare(b))
  const valueOf = (symbol: string): number | null => numberOf(sort.key, rowOf(symbol))
  return symbols.toSorted((a, b) => {
    const [left, right] = [valueOf(a), valueOf(b)]
    if (left === null || right === null) return Number(left === null) - Number(right === null)
    return sign * (left - right)
  })
}

/** What a click on a column's head does: largest first, smallest first, own order again. Names start with A. */
export function nextSort(current: Sort | null, key: SortKey): Sort | null {
  const firstDescending = key !== 'symbol'
  if (current?.key !== key) return { key, descending: firstDescending }
  return current.descending === firstDescending ? { key, descending: !firstDescending } : null
}

function numberOf(key: SortKey, row: QuoteRow | undefined): number | null {
  const data = row?.update.data
  if (!data) return null
  return { symbol: null, price: data.price, change: data.change, percent: data.changePercent, volume: data.volume }[key]
}
