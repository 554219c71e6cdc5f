/** Mounts the page, or says why it cannot start. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App'
import { ConfigErrorPage } from './components/ConfigErrorPage'
import { ConfigError, loadConfig } from './config'
import { createServices, ServicesContext } from './state/services'
import { loadDefaults } from './state/defaults'

const root = createRoot(document.getElementById('root') as HTMLElement)

try {
  const services = createServices(await loadConfig())
  services.stream.start()
  void loadDefaults(services)
  root.render(
    <StrictMode>
      <ServicesContext value={services}>
        <App />
      </ServicesContext>
    </StrictMode>,
  )
} catch (error) {
  root.render(<ConfigErrorPage problems={error instanceof ConfigError ? error.problems : [String(error)]} />)
}
