/** All keys of the page. */
import { Modal, type DialogProps } from './Modal'

const KEYS: readonly (readonly [keys: string, effect: string])[] = [
  ['/', 'Search and add a symbol'],
  ['↑ ↓', 'Walk through the list'],
  ['Enter', 'Open the symbol'],
  ['Alt + ↑ ↓', 'Move the symbol in the list'],
  ['Delete', 'Take the symbol out of the list'],
  ['← →', 'Walk through the chart, when it has the focus'],
  ['Esc', 'Close a sheet or dialog'],
  ['?', 'This help'],
]

export default function HelpDialog({ close }: DialogProps) {
  return (
    <Modal title="Keys" close={close}>
      <dl className="keys">
        {KEYS.map(([keys, effect]) => (
          <div key={keys}>
            <dt><kbd>{keys}</kbd></dt>
            <dd>{effect}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}
