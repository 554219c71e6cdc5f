/** Finds a symbol by its letters or its company's name, adds it to the list or opens it. */
import { useDeferredValue, useEffect, useMemo, useRef, useState, type KeyboardEvent, type SyntheticEvent } from 'react'
import type { FoundSymbol, SymbolsAnswer } from '../contract/rest'
import { navigate } from '../state/route'
import { useServices } from '../state/services'
import { useValue } from '../state/useQuotes'
import { useRest } from '../state/useRest'
import { Icon } from './Icon'
import { Modal, type DialogProps } from './Modal'

const SHOWN = 12
/** The contract's pattern of a symbol: what the user typed may be one that the search does not know. */
const SYMBOL = /^[A-Z0-9][A-Z0-9&._ -]{0,31}$/

export default function SearchDialog({ close }: DialogProps) {
  const [text, setText] = useState('')
  const list = useRef<HTMLUListElement>(null)
  const found = useFound(useDeferredValue(text.trim()))
  const openSymbol = (symbol: string): void => {
    close()
    navigate(symbol)
  }
  const handleKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') step(list.current, 1)
    else if (event.key === 'ArrowUp') step(list.current, -1)
    else return
    event.preventDefault()
  }
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (found[0]) openSymbol(found[0].symbol)
  }
  return (
    <Modal title="Find a symbol" close={close} className="search">
      <div onKeyDown={handleKey}>
        <form role="search" onSubmit={submit}>
          <input
            type="search" autoComplete="off" autoCapitalize="characters" spellCheck={false} maxLength={32} aria-label="Symbol or company"
            placeholder="Symbol or company, for example TCS" value={text} onChange={(event) => setText(event.target.value)}
          />
        </form>
        <ul ref={list} aria-label="Found symbols">
          {found.map(({ symbol, name }) => (
            <li key={symbol}>
              <button type="button" className="found" onClick={() => openSymbol(symbol)}>
                <b>{symbol}</b> <span className="muted">{name}</span>
              </button>
              <AddButton symbol={symbol} />
            </li>
          ))}
        </ul>
        <p className="visually-hidden" role="status">{found.length} found</p>
        {found.length === 0 && <p className="empty">Nothing found for “{text}”.</p>}
      </div>
    </Modal>
  )
}

/** Moves the focus along the found symbols. */
function step(list: HTMLElement | null, by: number): void {
  const items = [...(list?.querySelectorAll<HTMLElement>('.found') ?? [])]
  const at = items.findIndex((item) => item === document.activeElement)
  items[Math.min(Math.max(at + by, 0), items.length - 1)]?.focus()
}

function AddButton({ symbol }: { readonly symbol: string }) {
  const { watchlist } = useServices()
  const held = useValue(watchlist.state).symbols.includes(symbol)
  return (
    <button
      type="button" className="icon-button" aria-label={held ? `Remove ${symbol} from the list` : `Add ${symbol} to the list`}
      onClick={() => (held ? watchlist.remove(symbol) : watchlist.add(symbol))}
    >
      <Icon name={held ? 'check' : 'plus'} />
    </button>
  )
}

/** The server's search, and what the page knows by itself, so that the search works without it as well. */
function useFound(text: string): readonly FoundSymbol[] {
  const { names } = useServices()
  const known = useValue(names.known)
  const { data } = useRest<SymbolsAnswer>(text === '' ? null : `/api/v1/symbols?query=${encodeURIComponent(text)}&limit=${SHOWN}`)
  const served = useMemo(() => (Array.isArray(data?.symbols) ? data.symbols : []), [data])
  useEffect(() => names.learn(served), [served, names])
  const wanted = text.toUpperCase()
  const own = Object.entries(known)
    .map(([symbol, name]) => ({ symbol, name }))
    .filter(({ symbol, name }) => symbol.startsWith(wanted) || name.toUpperCase().includes(wanted))
  const merged = new Map([...own, ...served].map((found) => [found.symbol, found]))
  if (merged.size === 0 && SYMBOL.test(wanted)) merged.set(wanted, { symbol: wanted, name: 'Try this symbol' })
  return [...merged.values()].sort((a, b) => rank(a, wanted) - rank(b, wanted)).slice(0, SHOWN)
}

function rank({ symbol }: FoundSymbol, wanted: string): number {
  if (symbol === wanted) return 0
  return symbol.startsWith(wanted) ? 1 : 2
}
