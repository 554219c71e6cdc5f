/** A link to a symbol (or, for null, to the list) that the page follows without loading itself again. */
import type { MouseEvent, ReactNode, Ref } from 'react'
import { navigate, pathOf } from '../state/route'

interface Props {
  readonly symbol: string | null
  readonly className?: string
  readonly children: ReactNode
  readonly label?: string
  readonly current?: boolean
  readonly ref?: Ref<HTMLAnchorElement>
}

export function SymbolLink({ symbol, className, children, label, current, ref }: Props) {
  const follow = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return // the browser's own new tab or window
    event.preventDefault()
    navigate(symbol)
  }
  return (
    <a ref={ref} href={pathOf(symbol)} className={className} aria-label={label} aria-current={current ? 'true' : undefined} onClick={follow}>
      {children}
    </a>
  )
}
