/** The detail as a full sheet over the list, for screens without room for both. */
import { useEffect, useRef } from 'react'
import { navigate } from '../state/route'
import { Detail } from './Detail'
import { Icon } from './Icon'

export default function DetailSheet({ symbol }: { readonly symbol: string }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal() // traps focus, and Escape closes
    dialog.current?.focus() // its name is read out first; the browser would choose the button that leaves
  }, [])
  return (
    <dialog ref={dialog} className="sheet" tabIndex={-1} aria-label={symbol} onClose={() => navigate(null)}>
      <button type="button" className="button back" onClick={() => dialog.current?.close()}>
        <Icon name="back" /> Watchlist
      </button>
      <Detail symbol={symbol} />
    </dialog>
  )
}
