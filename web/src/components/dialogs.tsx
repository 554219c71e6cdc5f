/** The dialogs of the page; each is fetched when it is first opened. */
import { lazy, Suspense } from 'react'
import { Guard } from './Guard'
import type { DialogProps } from './Modal'

const DIALOGS = {
  search: lazy(() => import('./SearchDialog')),
  settings: lazy(() => import('./SettingsDialog')),
  help: lazy(() => import('./HelpDialog')),
}

export type DialogName = keyof typeof DIALOGS

export function OpenDialog({ name, close }: DialogProps & { readonly name: DialogName | null }) {
  const Chosen = name && DIALOGS[name]
  return Chosen && <Guard><Suspense fallback={null}><Chosen close={close} /></Suspense></Guard>
}
