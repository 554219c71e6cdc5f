// One headless Chromium for all page tests, with an empty profile, and what every page must never do.
import { chromium } from 'playwright-core'

const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: ARGUMENTS })
}

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
