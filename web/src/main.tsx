/** Mounts the page, or says why it cannot start. */
import { lazy, StrictMode, Suspense, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App'
import { ConfigError, loadConfig, type Config } from './config'
import { loadDefaults } from './state/defaults'
import { keepCachedQuotes, loadCachedQuotes } from './state/quoteCache'
import { followHistory } from './state/route'
import { createServices, ServicesContext } from './state/services'
import { offerSignIn } from './state/signIn'

const ConfigErrorPage = lazy(() => import('./components/ConfigErrorPage'))
const StoryPage = lazy(() => import('./stories/StoryPage'))

const root = createRoot(document.getElementById('root') as HTMLElement, {
  onCaughtError: () => undefined, // the Guard tells the user; the console of a production page stays empty
})

try {
  root.render(<StrictMode>{pageOf(await loadConfig())}</StrictMode>)
} catch (error) {
  root.render(<ConfigErrorPage problems={error instanceof ConfigError ? error.problems : [['other', String(error)]]} />)
}

function pageOf(config: Config): ReactNode {
  const story = new URLSearchParams(window.location.search).get('state')
  if (story !== null && config.appEnv !== 'production') {
    return <Suspense fallback={null}><StoryPage name={story} config={config} /></Suspense>
  }
  const services = createServices(config)
  loadCachedQuotes(services.quotes)
  keepCachedQuotes(services.quotes)
  followHistory()
  services.stream.start()
  void loadDefaults(services)
  void offerSignIn(services)
  return <ServicesContext value={services}><App /></ServicesContext>
}
