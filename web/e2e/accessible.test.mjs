// WCAG 2.2 A and AA by axe on every state, theme and dialog; and the page by keyboard alone.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { DESKTOP, PHONE, Stage } from './stage.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = { runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } }
const STATES = ['loading', 'live', 'stale', 'late', 'degraded', 'polling', 'offline', 'paused', 'closed', 'simulated', 'replay', 'notice']

let stage
before(async () => (stage = await Stage.open({ alone: true })))
after(() => stage.close())

async function assertAccessible(page) {
  await page.waitForTimeout(250)
  await page.evaluate(axe)
  const { violations, passes } = await page.evaluate((rules) => globalThis.axe.run(document, rules), RULES)
  assert.ok(passes.length > 10, 'axe must have looked at something')
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).join(' | ')}`), [])
  await page.context().close()
}

// axe is put into the page by the driver, past the page's policy; Trusted Types would refuse its own probes.
const open = (options) => stage.page({ wait: '.pill', context: { bypassCSP: true }, ...options })

for (const colorScheme of ['light', 'dark']) {
  for (const state of STATES) {
    test(`axe: ${state}, ${colorScheme}`, async () => assertAccessible(await open({ path: `/?state=${state}`, colorScheme })))
  }
  test(`axe: phone and its sheet, ${colorScheme}`, async () => {
    await assertAccessible(await open({ path: '/?state=late', viewport: PHONE, colorScheme }))
    await assertAccessible(await open({ path: '/s/TCS?state=live', viewport: PHONE, colorScheme, wait: 'dialog .chart canvas' }))
  })
  for (const [name, button] of [['settings', '[aria-label="Settings"]'], ['search', '.search-button'], ['keys', 'footer .link']]) {
    test(`axe: ${name} dialog, ${colorScheme}`, async () => {
      const page = await open({ path: '/?state=live', colorScheme })
      await page.click(button)
      await page.waitForSelector('dialog.modal[open]')
      await assertAccessible(page)
    })
  }
  test(`axe: editing, candles, table of prices, ${colorScheme}`, async () => {
    const page = await open({ path: '/?state=live', colorScheme })
    await page.click('button:has-text("Edit")')
    await page.click('button:has-text("Candles")')
    await page.click('summary')
    await assertAccessible(page)
  })
  for (const palette of ['classic', 'classic-swapped', 'blue-orange-swapped']) {
    test(`axe: colours ${palette}, ${colorScheme}`, async () => {
      const page = await open({ path: '/?state=live', colorScheme })
      await page.evaluate((name) => { document.documentElement.dataset.palette = name }, palette)
      await assertAccessible(page)
    })
  }
}

test('axe: the configuration page', async () => {
  await assertAccessible(await open({ config: { VITE_TYPO: '1' }, wait: '.config-error' }))
})

test('by keyboard: all is reached in order, focus is always visible', async () => {
  const page = await stage.page({ path: '/?state=live', wait: '.chart canvas' })
  const reached = []
  for (let press = 0; press < 60; press += 1) {
    await page.keyboard.press('Tab')
    const focus = await page.evaluate(() => {
      const element = document.activeElement
      if (!element || element === document.body) return null
      const style = getComputedStyle(element)
      return { name: (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40), ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 }
    })
    if (!focus) break
    assert.ok(focus.ring, `the focus on "${focus.name}" cannot be seen`)
    reached.push(focus.name)
  }
  const order = ['Stock Tracker', 'Search or add', 'Settings', 'Edit', 'Add', 'Last', 'RELIANCE', 'HINDUNILVR', 'Watching', '1D', 'Chart.', 'Prices as a table', 'Keys']
  const places = order.map((name) => reached.findIndex((each) => each.includes(name)))
  assert.ok(places.every((place) => place >= 0), `not reached: ${order.filter((_, index) => places[index] < 0)}; reached: ${reached}`)
  await page.context().close()
})

test('by keyboard: search, add, open, walk, reorder, remove, read the chart, help, and out again', async () => {
  const page = await stage.page({})
  const focused = () => page.evaluate(() => document.activeElement?.closest('tr')?.dataset.symbol)
  const order = () => page.$$eval('tbody tr[data-symbol]', (rows) => rows.map((row) => row.dataset.symbol))
  await page.keyboard.press('/')
  await page.waitForSelector('dialog.modal[open] input')
  await page.keyboard.type('titan')
  await page.waitForSelector('.found:has-text("TITAN")')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter') // its "add" button
  await page.keyboard.press('Escape')
  await page.waitForSelector('dialog.modal', { state: 'detached' })
  assert.equal((await order()).at(-1), 'TITAN')

  await page.focus('tr[data-symbol="TCS"] a')
  await page.keyboard.press('ArrowDown')
  assert.equal(await focused(), 'HDFCBANK')
  await page.keyboard.press('Alt+ArrowUp')
  assert.deepEqual((await order()).slice(1, 3), ['HDFCBANK', 'TCS'])
  assert.equal(await focused(), 'HDFCBANK', 'the focus moves with the row')
  await page.keyboard.press('Delete')
  assert.equal((await order()).includes('HDFCBANK'), false)
  assert.equal(await focused(), 'TCS')
  await page.keyboard.press('Enter')
  assert.equal(await page.textContent('.detail h2'), 'TCS')

  await page.waitForSelector('.chart canvas')
  await page.focus('.chart')
  await page.keyboard.press('ArrowLeft')
  assert.match(await page.textContent('.chart-cursor'), /IST: open [\d,.]+, high/)
  await page.keyboard.press('?')
  await page.waitForSelector('dialog[aria-label="Keys"][open]')
  await page.keyboard.press('Escape')
  await page.waitForSelector('dialog.modal', { state: 'detached' })
  await page.context().close()
})

test('prices are no live region; the digest is read on request only', async () => {
  const page = await stage.page({})
  const live = () => page.$$eval('[aria-live], [role=status], [role=alert]', (regions) => regions.filter((region) => region.querySelector('.price, .big-price')).length)
  assert.equal(await live(), 0)
  await page.click('button[aria-label="Settings"]')
  await page.click('label:has-text("Read changes")')
  await page.keyboard.press('Escape')
  await page.waitForFunction(() => [...document.querySelectorAll('p[role=status]')].some((region) => /[A-Z]+ [\d,]+\.\d\d, [+−]/.test(region.textContent)), null, { timeout: 18_000 })
  await page.context().close()
})

test('at 200 % zoom nothing is cut off sideways', async () => {
  const page = await stage.page({ path: '/?state=offline', viewport: { width: DESKTOP.width / 2, height: DESKTOP.height / 2 }, wait: 'td[data-price]' })
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0)
  await page.context().close()
  const narrow = await stage.page({ path: '/?state=offline', viewport: { width: 320, height: 640 }, wait: 'td[data-price]' })
  assert.equal(await narrow.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, 'reflow at 320 px (400 % zoom)')
  await narrow.context().close()
})

test('with reduced motion nothing flashes; without, prices do', async () => {
  const flashes = async (reducedMotion) => {
    const page = await stage.page({ context: { reducedMotion } })
    const seen = await page.evaluate(() => new Promise((resolve) => {
      let count = document.getAnimations().length
      new MutationObserver((changes) => (count += changes.length)).observe(document.body, { subtree: true, attributeFilter: ['data-flash'] })
      setTimeout(() => resolve(count), 3_000)
    }))
    await page.context().close()
    return seen
  }
  assert.equal(await flashes('reduce'), 0)
  assert.ok((await flashes('no-preference')) > 0)
})
