/** Where the page runs, which release it is, how quick the prices are. */
import { useServices } from '../state/services'
import { useNow } from '../state/ticker'
import { useStreamState } from '../state/useQuotes'
import type { DialogName } from './dialogs'

export function Footer({ open }: { readonly open: (dialog: DialogName) => void }) {
  const { config, stream } = useServices()
  const { release } = useStreamState()
  useNow() // the latency is read once a second
  return (
    <footer>
      <span className="environment">{config.appEnv}</span>
      <span>Release {config.release === 'unknown' ? (release ?? 'unknown') : config.release}</span>
      {stream.latencyMs !== null && <span>Tick {Math.round(stream.latencyMs)} ms</span>}
      <span>All times are IST</span>
      <button type="button" className="link for-keyboards" onClick={() => open('help')}>Keys</button>
    </footer>
  )
}
