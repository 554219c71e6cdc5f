/** Looks and reading aids. */
import { lazy, Suspense } from 'react'
import { useServices } from '../state/services'
import type { Settings } from '../state/settings'
import { useValue } from '../state/useQuotes'
import { Change } from './Change'
import { Modal, type DialogProps } from './Modal'

const AccountForm = lazy(() => import('./AccountForm'))

export default function SettingsDialog({ close }: DialogProps) {
  const { account, settings } = useServices()
  const signIn = useValue(account)
  const chosen = useValue(settings)
  const change = (part: Partial<Settings>): void => settings.set({ ...settings.get(), ...part })
  return (
    <Modal title="Settings" close={close}>
      <Choice legend="Theme" name="theme" chosen={chosen.theme} options={[['system', 'As the device'], ['light', 'Light'], ['dark', 'Dark']]} choose={(theme) => change({ theme })} />
      <Choice legend="Colours of up and down" name="palette" chosen={chosen.palette} options={[['blue-orange', 'Blue and orange'], ['classic', 'Green and red']]} choose={(palette) => change({ palette })} />
      <p className="sample"><Change change={12.3} percent={0.5} show="both" /> <Change change={-4.65} percent={-0.13} show="both" /></p>
      <Toggle label="Swap the two colours" on={chosen.swapped} set={(swapped) => change({ swapped })} />
      <Toggle label="Read changes aloud every 15 s (screen reader)" on={chosen.readsChanges} set={(readsChanges) => change({ readsChanges })} />
      {signIn && <Suspense fallback={null}><AccountForm account={signIn} /></Suspense>}
    </Modal>
  )
}

interface ChoiceProps<T extends string> {
  readonly legend: string
  readonly name: string
  readonly chosen: T
  readonly options: readonly (readonly [T, string])[]
  readonly choose: (option: T) => void
}

function Choice<T extends string>({ legend, name, chosen, options, choose }: ChoiceProps<T>) {
  return (
    <fieldset className="choice">
      <legend>{legend}</legend>
      {options.map(([option, words]) => (
        <label key={option}>
          <input type="radio" name={name} checked={option === chosen} onChange={() => choose(option)} />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  )
}

function Toggle({ label, on, set }: { readonly label: string; readonly on: boolean; readonly set: (on: boolean) => void }) {
  return (
    <label className="toggle">
      <input type="checkbox" checked={on} onChange={(event) => set(event.target.checked)} />
      <span>{label}</span>
    </label>
  )
}
