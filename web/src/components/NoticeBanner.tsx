/** An operator's words to everybody who has the page open. */
import type { Notice } from '../contract/messages'
import { useServices } from '../state/services'
import { useNow } from '../state/ticker'
import { Icon } from './Icon'

export default function NoticeBanner({ notice }: { readonly notice: Notice }) {
  const { stream } = useServices()
  const now = useNow()
  if (notice.until && Date.parse(notice.until) < now) return null
  const severity = notice.severity ?? 'info'
  return (
    <div className={`notice notice-${severity}`} role={severity === 'critical' ? 'alert' : 'status'}>
      <Icon name={severity === 'info' ? 'live' : 'degraded'} />
      <p>{notice.text}</p>
      <button type="button" className="icon-button" aria-label="Dismiss notice" onClick={() => stream.dismissNotice()}>
        <Icon name="close" />
      </button>
    </div>
  )
}
