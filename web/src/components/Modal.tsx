/** A dialog over the page: focus stays inside, Escape and a click beside it close it. */
import { useEffect, useRef, type MouseEvent, type ReactNode } from 'react'
import '../styles/dialogs.css'
import { Icon } from './Icon'

/** What every dialog is given. */
export interface DialogProps {
  readonly close: () => void
}

interface Props extends DialogProps {
  readonly title: string
  readonly className?: string
  readonly children: ReactNode
}

export function Modal({ title, close, className = '', children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal()
    dialog.current?.querySelector('input')?.focus() // showModal would choose the button that closes
  }, [])
  const closeBeside = (event: MouseEvent): void => {
    if (event.target === dialog.current) dialog.current.close()
  }
  return (
    <dialog ref={dialog} className={`modal ${className}`} aria-label={title} onClose={close} onClick={closeBeside}>
      <div className="modal-body">
        <div className="panel-head">
          <h2>{title}</h2>
          <button type="button" className="icon-button" aria-label="Close" onClick={() => dialog.current?.close()}>
            <Icon name="close" />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  )
}
