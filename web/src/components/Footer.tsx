/** Where the page runs, which release it is, how quick the prices are. */
import { useServices } from '../state/services'
import { useNow } from '../state/ticker'
import { useStreamState } from '../state/useQuotes'

export function Footer() {
  const { config, stream } = useServices()
  const { release } = useStreamState()
  useNow() // the latency is read once a second
  return (
    <footer>
      <span>{config.appEnv}</span>
      <span>release {config.release === 'unknown' ? (release ?? 'unknown') : config.release}</span>
      {stream.latencyMs !== null && <span>tick {Math.round(stream.latencyMs)} ms</span>}
    </footer>
  )
}
