/** What the server's assistant says about a symbol; nothing at all where the server offers none. */
import type { InsightAnswer, ServerStatus } from '../contract/rest'
import { useRest } from '../state/useRest'

export default function InsightCard({ symbol }: { readonly symbol: string }) {
  const { data: status } = useRest<ServerStatus>('/api/v1/status')
  const { data } = useRest<InsightAnswer>(status?.keys?.gemini === 'set' ? `/api/v1/insights/${encodeURIComponent(symbol)}` : null)
  if (!data?.text) return null
  return (
    <section className="insight" aria-label="Insight">
      <h3>Insight</h3>
      <p>{data.text}</p>
      <p className="muted">Written by a language model from public figures. Not advice.</p>
    </section>
  )
}
