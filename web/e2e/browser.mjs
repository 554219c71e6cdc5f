// One headless Chromium for all page tests, with an empty profile, and what every page must never do.
import { existsSync } from 'node:fs'
import { chromium, firefox, webkit } from 'playwright-core'

const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: ARGUMENTS })
}

/** Playwright's own builds of other browsers, with why they cannot be used here: no distribution's Firefox can be driven. */
export const OTHERS = [['Firefox', firefox], ['WebKit', webkit]].map(([name, type]) => ({
  name,
  launch: () => type.launch({ headless: true }),
  missing: existsSync(type.executablePath()) ? false : `not run: Playwright's ${name} is not installed here`,
}))

/** Watches a page: `complaints` collects console errors, uncaught errors and policy violations; `hosts` all hosts contacted. */
export async function watchPage(page) {
  const complaints = []
  const hosts = new Set()
  const watched = { complaints, hosts, sockets: 0 }
  page.on('console', (message) => message.type() === 'error' && complaints.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`))
  page.on('request', (request) => hosts.add(new URL(request.url()).host))
  page.on('websocket', (socket) => {
    watched.sockets += 1
    hosts.add(new URL(socket.url()).host)
  })
  await page.exposeFunction('reportViolation', (text) => complaints.push(`policy: ${text}`))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => window.reportViolation(`${event.violatedDirective} ${event.blockedURI}`))
  })
  return watched
}
