/** What is wrong with the deployment's configuration, for whoever can mend it. */
import type { ConfigProblem } from '../config'
import { problemWords } from './configWords'

export default function ConfigErrorPage({ problems }: { readonly problems: readonly ConfigProblem[] }) {
  return (
    <main className="config-error">
      <h1>Stock Tracker is not configured correctly</h1>
      <p>The page read <code>/config.json</code> and cannot start with it:</p>
      <ul>
        {problems.map(problemWords).map((words) => (
          <li key={words}>{words}</li>
        ))}
      </ul>
      <p>Correct the value in the stack’s configuration, run <code>./pulumiw up</code>, then reload this page.</p>
    </main>
  )
}
