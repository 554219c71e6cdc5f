// What the browser fetches for the first view, by part, as the build compressed it for the web server.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const dist = join(import.meta.dirname, '../../dist')
const FIRST_LOAD_LIMIT_BYTES = 90_000

export async function measureSize(stage, table) {
  const parts = { page: [], chart: [], font: [] }
  const entry = readFileSync(join(dist, 'index.html'), 'utf8')
  for (const name of await fetchedFiles(stage)) {
    if (name.endsWith('.woff2')) parts.font.push(name)
    else if (entry.includes(name)) parts.page.push(name)
    else parts.chart.push(name)
  }
  for (const [part, names] of Object.entries(parts)) {
    const sum = (ending) => names.reduce((total, name) => total + statSync(join(dist, 'assets', name + ending)).size, 0)
    table.add(`size of ${part}, raw`, sum(''), 'bytes')
    if (part === 'font') continue // compressed by its own format
    table.add(`size of ${part}, gzip`, sum('.gz'), 'bytes', part === 'page' ? FIRST_LOAD_LIMIT_BYTES : null)
    table.add(`size of ${part}, brotli`, sum('.br'), 'bytes')
  }
  const all = readdirSync(join(dist, 'assets')).filter((name) => /\.(js|css)$/.test(name))
  table.add('size of all script and style, raw', all.reduce((total, name) => total + statSync(join(dist, 'assets', name)).size, 0), 'bytes')
}

/** Names of the hashed files of one visit, until the chart is drawn. The deployed page is built from the same lock and sources. */
async function fetchedFiles(stage) {
  const page = await stage.page({ wait: null })
  const files = await page.evaluate(() => new Promise((resolve) => {
    const names = () => performance.getEntriesByType('resource').map(({ name }) => name.split('/assets/')[1]).filter(Boolean)
    const look = () => (document.querySelector('.chart canvas') ? resolve(names()) : setTimeout(look, 50))
    look()
  }))
  await page.context().close()
  return new Set(files)
}
