/** Whether an element is on the screen or near it. */
import { useEffect, useState, type RefObject } from 'react'

/** Rows this far outside are kept current, so that a scroll never shows an old price. */
const MARGIN = '200px'

const callbacks = new WeakMap<Element, (inView: boolean) => void>()
let observer: IntersectionObserver | undefined

export function useInView(element: RefObject<Element | null>): boolean {
  const [inView, setInView] = useState(true)
  useEffect(() => {
    const target = element.current
    if (!target || !('IntersectionObserver' in window)) return
    observer ??= new IntersectionObserver(
      (entries) => {
        for (const entry of entries) callbacks.get(entry.target)?.(entry.isIntersecting)
      },
      { rootMargin: MARGIN },
    )
    callbacks.set(target, setInView)
    observer.observe(target)
    return () => observer?.unobserve(target)
  }, [element])
  return inView
}
