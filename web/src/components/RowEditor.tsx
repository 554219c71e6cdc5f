/** Moves a row or takes it out of the list; the same by keyboard with Alt+arrows and Delete. */
import type { MouseEvent } from 'react'
import { useServices } from '../state/services'
import { Icon, type IconName } from './Icon'

export function RowEditor({ symbol }: { readonly symbol: string }) {
  const { watchlist } = useServices()
  const button = (icon: IconName, label: string, act: () => void) => (
    <button
      type="button"
      className="icon-button"
      aria-label={`${label} ${symbol}`}
      onClick={(event: MouseEvent) => {
        event.stopPropagation() // the row itself opens the symbol
        act()
      }}
    >
      <Icon name={icon} />
    </button>
  )
  return (
    <span className="row-editor">
      {button('up', 'Move up', () => watchlist.move(symbol, -1))}
      {button('down', 'Move down', () => watchlist.move(symbol, 1))}
      {button('close', 'Remove', () => watchlist.remove(symbol))}
    </span>
  )
}
