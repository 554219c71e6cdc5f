/** The watchlist as a real table: sorted by its heads, walked by its arrow keys. Each row is laid out as a grid of its own, so
 * that a price makes the browser lay out one row; the roles are written out because some browsers then forget the table. */
import type { KeyboardEvent } from 'react'
import { useServices } from '../state/services'
import { nextSort, sortSymbols } from '../state/quoteOrder'
import type { SortKey } from '../state/settings'
import { useNow } from '../state/ticker'
import { useValue } from '../state/useQuotes'
import { QuoteRow } from './QuoteRow'

interface Column {
  readonly key: SortKey
  readonly words: string
  readonly className: string
}

const SYMBOL: Column = { key: 'symbol', words: 'Symbol', className: 'symbol' }
const FIGURES: readonly Column[] = [
  { key: 'price', words: 'Last ₹', className: 'number' },
  { key: 'change', words: 'Change', className: 'number wide' },
  { key: 'percent', words: 'Change %', className: 'number wide' },
  { key: 'volume', words: 'Volume', className: 'number wide volume' },
]

interface Props {
  readonly selected: string | null
  readonly editing: boolean
}

export function QuoteTable({ selected, editing }: Props) {
  const { watchlist, quotes, settings } = useServices()
  const { symbols } = useValue(watchlist.state)
  const { sort } = useValue(settings)
  useNow() // a sorted table is put in order once a second, not at every price: rows must stay readable
  const ordered = sortSymbols(symbols, editing ? null : sort, (symbol) => quotes.get(symbol))
  const handleKey = (event: KeyboardEvent<HTMLTableSectionElement>): void => {
    const symbol = (event.target as HTMLElement).closest('tr')?.dataset.symbol
    if (!symbol) return
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    if (step && event.altKey) watchlist.move(symbol, step)
    else if (step) focusRow(event.currentTarget, ordered[ordered.indexOf(symbol) + step])
    else if (event.key === 'Delete') {
      focusRow(event.currentTarget, ordered[ordered.indexOf(symbol) + 1] ?? ordered[ordered.indexOf(symbol) - 1])
      watchlist.remove(symbol)
    } else return
    event.preventDefault()
  }
  return (
    <table role="table" className={editing ? 'quotes editing' : 'quotes'}>
      <caption className="visually-hidden">Watchlist</caption>
      <thead role="rowgroup">
        <tr role="row">
          <Head column={SYMBOL} />
          <th scope="col" role="columnheader" className="spark"><span className="visually-hidden">Recent prices</span></th>
          {FIGURES.map((column) => <Head key={column.key} column={column} />)}
          <th scope="col" role="columnheader" className="age">{editing ? 'Order' : 'Age'}</th>
        </tr>
      </thead>
      <tbody role="rowgroup" onKeyDown={handleKey}>
        {ordered.map((symbol) => (
          <QuoteRow key={symbol} symbol={symbol} selected={symbol === selected} editing={editing} />
        ))}
      </tbody>
    </table>
  )
}

function Head({ column }: { readonly column: Column }) {
  const { settings } = useServices()
  const { sort } = useValue(settings)
  const own = sort?.key === column.key ? sort : null
  const direction = own ? (own.descending ? 'descending' : 'ascending') : 'none'
  return (
    <th scope="col" role="columnheader" className={column.className} aria-sort={direction}>
      <button type="button" onClick={() => settings.set({ ...settings.get(), sort: nextSort(sort, column.key) })}>
        {column.words}
        <span className="sort-mark" aria-hidden="true">{own ? (own.descending ? '↓' : '↑') : ''}</span>
      </button>
    </th>
  )
}

function focusRow(body: HTMLElement, symbol: string | undefined): void {
  if (symbol) body.querySelector<HTMLElement>(`tr[data-symbol="${CSS.escape(symbol)}"] a`)?.focus()
}
