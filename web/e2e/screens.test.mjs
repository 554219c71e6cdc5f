// Every state of the page against its picture: `UPDATE=1 npm run screens` draws the pictures anew. A moved block changes far more
// pixels than the tolerance allows; the smoothing of letters fewer. Pictures are of this Chromium and the page's own font.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pixelmatch from 'pixelmatch'
import { PNG } from 'pngjs'
import { DESKTOP, PHONE, Stage } from './stage.mjs'

const STATES = ['loading', 'live', 'stale', 'late', 'degraded', 'polling', 'offline', 'paused', 'closed', 'simulated', 'replay', 'notice']
const SCREENS = [['desktop', DESKTOP], ['phone', PHONE]]
const SCHEMES = ['light', 'dark']
/** Share of pixels that may differ. */
const TOLERANCE = 0.002
const baseline = join(import.meta.dirname, 'baseline')
const differences = join(import.meta.dirname, '../../out/screens')

let stage
before(async () => (stage = await Stage.open({ alone: true })))
after(() => stage.close())

/** The share of pixels that differ; 1 when the sizes do. */
function difference(seen, wanted, name) {
  if (seen.width !== wanted.width || seen.height !== wanted.height) return 1
  const picture = new PNG({ width: seen.width, height: seen.height })
  const share = pixelmatch(seen.data, wanted.data, picture.data, seen.width, seen.height, { threshold: 0.15 }) / (seen.width * seen.height)
  if (share > TOLERANCE) {
    mkdirSync(differences, { recursive: true })
    writeFileSync(join(differences, `${name}.png`), PNG.sync.write(picture))
  }
  return share
}

async function look(options, act = async () => undefined) {
  const page = await stage.page({ wait: '.pill', context: { reducedMotion: 'reduce' }, ...options })
  await page.evaluate(() => document.fonts.ready)
  if (options.path.includes('loading')) await page.waitForSelector(options.viewport.width > 600 ? '.chart-space .empty' : '.skeleton')
  else await page.waitForSelector(options.viewport.width > 600 ? '.chart canvas' : 'td[data-price]')
  await act(page)
  await page.waitForTimeout(300)
  const picture = await page.screenshot()
  await page.context().close()
  return picture
}

function check(name, picture) {
  const path = join(baseline, `${name}.png`)
  if (process.env.UPDATE) {
    mkdirSync(baseline, { recursive: true })
    return writeFileSync(path, picture)
  }
  assert.ok(existsSync(path), `${name} has no picture yet. Type: UPDATE=1 npm run screens`)
  const share = difference(PNG.sync.read(picture), PNG.sync.read(readFileSync(path)), name)
  assert.ok(share <= TOLERANCE, `${name}: ${(share * 100).toFixed(2)} % of the pixels differ, allowed ${TOLERANCE * 100} %; see out/screens/${name}.png`)
}

for (const [screen, viewport] of SCREENS) {
  for (const colorScheme of SCHEMES) {
    for (const state of STATES) {
      test(`${state} on ${screen}, ${colorScheme}`, async () => {
        check(`${state}-${screen}-${colorScheme}`, await look({ path: `/?state=${state}`, viewport, colorScheme }))
      })
    }
    test(`detail on ${screen}, ${colorScheme}`, async () => {
      const wait = viewport.width > 600 ? '.chart canvas' : 'dialog.sheet .chart canvas'
      check(`detail-${screen}-${colorScheme}`, await look({ path: '/s/TCS?state=live', viewport, colorScheme }, (page) => page.waitForSelector(wait)))
    })
    test(`settings on ${screen}, ${colorScheme}`, async () => {
      const open = async (page) => {
        await page.click('button[aria-label="Settings"]')
        await page.waitForSelector('dialog.modal[open] .choice')
      }
      check(`settings-${screen}-${colorScheme}`, await look({ path: '/?state=live', viewport, colorScheme }, open))
    })
    test(`search on ${screen}, ${colorScheme}`, async () => {
      const open = async (page) => {
        await page.click('.search-button')
        await page.fill('input[type=search]', 'ba')
        await page.waitForTimeout(200)
      }
      check(`search-${screen}-${colorScheme}`, await look({ path: '/?state=live', viewport, colorScheme }, open))
    })
  }
}

test('the tolerance catches a broken layout', { skip: Boolean(process.env.UPDATE) }, async () => {
  const broken = await look({ path: '/?state=live', viewport: DESKTOP, colorScheme: 'light' }, (page) =>
    page.evaluate(() => document.querySelector('.indices').remove()))
  const wanted = PNG.sync.read(readFileSync(join(baseline, 'live-desktop-light.png')))
  assert.ok(difference(PNG.sync.read(broken), wanted, 'broken-on-purpose') > TOLERANCE, 'a missing strip must be seen')
})
