/** The list of the user's symbols with what can be done to it. */
import { useState } from 'react'
import { useServices } from '../state/services'
import { useValue } from '../state/useQuotes'
import type { DialogName } from './dialogs'
import { Icon } from './Icon'
import { QuoteTable } from './QuoteTable'

interface Props {
  readonly selected: string | null
  readonly open: (dialog: DialogName) => void
}

export function WatchPanel({ selected, open }: Props) {
  const [editing, setEditing] = useState(false)
  const { symbols } = useValue(useServices().watchlist.state)
  return (
    <section className="card watch-panel" aria-labelledby="watchlist-title">
      <div className="panel-head">
        <h1 id="watchlist-title">Watchlist</h1>
        <span className="muted">{symbols.length}</span>
        <button type="button" className="button" aria-pressed={editing} onClick={() => setEditing(!editing)}>
          <Icon name={editing ? 'check' : 'edit'} /> {editing ? 'Done' : 'Edit'}
        </button>
        <button type="button" className="button" onClick={() => open('search')}>
          <Icon name="plus" /> Add
        </button>
      </div>
      <Hint />
      {symbols.length > 0 ? (
        <QuoteTable selected={selected} editing={editing} />
      ) : (
        <p className="empty">Your list is empty. Press <kbd>/</kbd> or “Add” to find a symbol.</p>
      )}
    </section>
  )
}

function Hint() {
  const { settings } = useServices()
  if (useValue(settings).hintDismissed) return null
  return (
    <p className="hint">
      <span>Add symbols with <b>+</b><span className="for-keyboards"> or press <kbd>/</kbd>. Press <kbd>?</kbd> for all keys</span>.</span>
      <button type="button" className="icon-button" aria-label="Dismiss hint" onClick={() => settings.set({ ...settings.get(), hintDismissed: true })}>
        <Icon name="close" />
      </button>
    </p>
  )
}
