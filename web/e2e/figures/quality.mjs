// What Lighthouse would look at, by script: the document, its contrast, what it contacts, how it is served.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { request } from 'node:http'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export async function checkQuality(stage, table) {
  const page = await stage.page({ context: { bypassCSP: true } }) // axe is put into the page past its policy
  await page.waitForSelector('.chart canvas')
  const document = await page.evaluate(describeDocument)
  const say = (name, holds, found) => table.check(`document: ${name}`, holds, found)
  say('standards mode', document.mode === 'CSS1Compat')
  say('title', document.title.length > 5, document.title)
  say('language', document.lang === 'en-IN', document.lang)
  say('description', document.description.length > 20, '')
  say('viewport that can be zoomed', /width=device-width/.test(document.viewport) && !/user-scalable|maximum-scale/.test(document.viewport))
  say('one first heading', document.headings === 1, document.headings)
  say('every id once', document.doubledIds === 0, document.doubledIds)
  say('no inline script or style', document.inline === 0, document.inline)
  await page.evaluate(axe)
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run(globalThis.document))
  table.check('accessible: axe, all its rules', violations.length === 0 && passes.length > 20, violations.map(({ id }) => id).join(' ') || `${passes.length} pass`)
  await page.context().close()

  const quiet = await stage.page()
  await quiet.waitForSelector('.chart canvas')
  const { complaints, hosts } = quiet.watched
  const foreign = [...hosts].filter((host) => host !== new URL(stage.base).host)
  table.check('no console error, no policy violation', complaints.length === 0, complaints[0] ?? '')
  table.check('no other host is contacted', foreign.length === 0, foreign.join(' '))
  await quiet.context().close()
  if (!stage.standin) await checkServing(stage.base, document.assets, table)
}

/** How nginx serves it: only a deployed stack can tell. */
async function checkServing(base, assets, table) {
  const [entry, missing] = [await head(base, '/', 'br'), await head(base, '/assets/missing-0.js', 'br')]
  const policy = entry.headers['content-security-policy'] ?? ''
  table.check('served: the entry is asked for each time', entry.headers['cache-control'] === 'no-cache', entry.headers['cache-control'])
  table.check('served: a missing asset is 404', missing.status === 404, missing.status)
  table.check('served: policy without unsafe-, with Trusted Types', policy.includes("require-trusted-types-for 'script'") && !policy.includes('unsafe-'))
  for (const encoding of ['br', 'gzip']) {
    const answers = await Promise.all(assets.filter((path) => /\.(js|css)$/.test(path)).map((path) => head(base, path, encoding)))
    table.check(`served: every script and style as ${encoding}`, answers.length > 2 && answers.every(({ headers }) => headers['content-encoding'] === encoding), answers.length)
  }
  const answers = await Promise.all(assets.map((path) => head(base, path, 'br')))
  table.check('served: assets are immutable for a year', answers.every(({ headers }) => /max-age=31536000, immutable/.test(headers['cache-control'])), answers.length)
}

function head(base, path, encoding) {
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, base), { headers: { 'Accept-Encoding': encoding } }, (response) => {
      response.resume()
      resolve({ status: response.statusCode, headers: response.headers })
    })
    asked.on('error', reject).end()
  })
}

/** Runs in the page. */
function describeDocument() {
  const content = (name) => document.querySelector(`meta[name=${name}]`)?.content ?? ''
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
  return {
    mode: document.compatMode,
    title: document.title,
    lang: document.documentElement.lang,
    description: content('description'),
    viewport: content('viewport'),
    headings: document.querySelectorAll('h1').length,
    doubledIds: ids.length - new Set(ids).size,
    inline: document.querySelectorAll('script:not([src]), style').length,
    assets: performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname).filter((path) => path.startsWith('/assets/')),
  }
}
