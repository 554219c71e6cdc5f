/** Troubles the user should hear of once: one toast per incident, however often it is reported until it is over. */
import { Value } from './value'

export interface Incident {
  readonly key: string
  readonly text: string
  readonly dismissed: boolean
}

export class Incidents {
  readonly open = new Value<readonly Incident[]>([])

  report(key: string, text: string): void {
    if (this.open.get().some((incident) => incident.key === key)) return
    this.open.set([...this.open.get(), { key, text, dismissed: false }])
  }

  /** It is over: the next report is a new incident. */
  resolve(key: string): void {
    if (this.open.get().some((incident) => incident.key === key)) {
      this.open.set(this.open.get().filter((incident) => incident.key !== key))
    }
  }

  /** The user has read it; it stays the same incident. */
  dismiss(key: string): void {
    this.open.set(this.open.get().map((incident) => (incident.key === key ? { ...incident, dismissed: true } : incident)))
  }
}
