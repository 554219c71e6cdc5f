/** Name, search, time, state, settings: what is always in reach. */
import { ConnectionPill } from './ConnectionPill'
import { Icon } from './Icon'
import { MarketClock } from './MarketClock'
import type { DialogName } from './dialogs'
import { SymbolLink } from './SymbolLink'

export function TopBar({ open }: { readonly open: (dialog: DialogName) => void }) {
  return (
    <header className="top-bar">
      <SymbolLink symbol={null} className="brand" label="Stock Tracker, to the list">
        <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="9" />
          <path d="M6.5 21l6-6 5 4 8-9.5" />
        </svg>
        <span className="brand-name">Stock Tracker</span>
      </SymbolLink>
      <button type="button" className="search-button" aria-label="Search or add a symbol" onClick={() => open('search')}>
        <Icon name="search" />
        <span className="search-words">Search or add a symbol</span>
        <kbd>/</kbd>
      </button>
      <MarketClock />
      <ConnectionPill />
      <button type="button" className="icon-button" aria-label="Settings" onClick={() => open('settings')}>
        <Icon name="settings" />
      </button>
    </header>
  )
}
