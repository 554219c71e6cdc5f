/** One toast per incident; it leaves by itself when the incident is over. */
import { useServices } from '../state/services'
import { useValue } from '../state/useQuotes'
import { Icon } from './Icon'

export function Toasts() {
  const { incidents } = useServices()
  const shown = useValue(incidents.open).filter((incident) => !incident.dismissed)
  return (
    <div className="toasts" role="status">
      {shown.map(({ key, text }) => (
        <div key={key} className="toast">
          <Icon name="degraded" />
          <p>{text}</p>
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => incidents.dismiss(key)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  )
}
