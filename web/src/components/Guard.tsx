/** Keeps a failure of one part from taking the page with it: a bad answer, or a file that an update has replaced. */
import { Component, type ReactNode } from 'react'

export class Guard extends Component<{ readonly children: ReactNode }, { readonly failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children
    return <p className="empty" role="alert">This part could not be shown. Reload the page to try again.</p>
  }
}
