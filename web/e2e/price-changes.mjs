// `BASE_URL=http://127.0.0.1:8080 node e2e/price-changes.mjs`: a price cell of the deployed page changes within 3 s, without a
// policy violation, a console error or a foreign host. Exit 0 pass, 1 failed, 2 no BASE_URL.
import { launch, watchPage } from './browser.mjs'

const LIMIT_MS = 3_000
const base = process.env.BASE_URL
if (!base) {
  console.error('BASE_URL is not set. Type: BASE_URL=http://127.0.0.1:8080 npm run e2e:price')
  process.exit(2)
}

const browser = await launch()
try {
  const page = await browser.newPage()
  const { complaints, hosts } = await watchPage(page)
  await page.goto(base, { waitUntil: 'load' })
  const started = Date.now()
  await page.waitForSelector('td[data-price]', { timeout: LIMIT_MS })
  const prices = () => page.$$eval('td[data-price]', (cells) => cells.map((cell) => `${cell.closest('tr')?.dataset.symbol}=${cell.dataset.price}`))
  const first = await prices()
  let changed = null
  while (!changed && Date.now() - started < LIMIT_MS) {
    await page.waitForTimeout(50)
    changed = (await prices()).find((price, index) => first[index] && first[index] !== price)
  }
  const state = await page.getAttribute('.pill', 'data-state')
  const kind = await page.$eval('[data-kind]', (mark) => mark.dataset.kind).catch(() => 'live')
  const foreign = [...hosts].filter((host) => host !== new URL(base).host)
  console.log(`${first.length} prices, ${changed ? `${changed} changed after ${Date.now() - started} ms` : `none changed in ${LIMIT_MS} ms`}; state ${state}, kind ${kind}`)
  for (const complaint of [...complaints, ...foreign.map((host) => `foreign host: ${host}`)]) console.log(`FAILED ${complaint}`)
  process.exitCode = changed && complaints.length === 0 && foreign.length === 0 ? 0 : 1
} finally {
  await browser.close()
}
