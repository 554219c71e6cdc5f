/** An operator's words to everybody who has the page open. */
import { useServices } from '../state/services'
import { useNow } from '../state/ticker'
import { useStreamState } from '../state/useQuotes'
import { Icon } from './Icon'

export function NoticeBanner() {
  const { stream } = useServices()
  const { notice } = useStreamState()
  const now = useNow()
  const expired = notice?.until ? Date.parse(notice.until) < now : false
  if (!notice || expired) return null
  const severity = notice.severity ?? 'info'
  return (
    <div className={`notice notice-${severity}`} role={severity === 'critical' ? 'alert' : 'status'}>
      <p>{notice.text}</p>
      <button type="button" className="icon-button" aria-label="Dismiss notice" onClick={() => stream.dismissNotice()}>
        <Icon name="close" />
      </button>
    </div>
  )
}
