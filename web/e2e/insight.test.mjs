// The assistant's words: shown where the server offers them, and not even asked for where it does not.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Stage } from './stage.mjs'

let stage
before(async () => (stage = await Stage.open({ alone: true })))
after(() => stage.close())

const asked = () => stage.standin.requests.filter((line) => line.includes('/insights/'))

test('no card, and no question, where the server has no key', async () => {
  const page = await stage.page({ path: '/s/TCS', wait: '.chart canvas' })
  await page.waitForTimeout(500)
  assert.equal(await page.locator('.insight').count(), 0)
  assert.deepEqual(asked(), [])
  await page.context().close()
})

test('a card under the chart where the server offers it, of the symbol that is open', async () => {
  stage.standin.insights = true
  const page = await stage.page({ path: '/s/TCS' })
  await page.waitForSelector('.insight:has-text("TCS moved with its sector today.")')
  assert.match(await page.textContent('.insight'), /language model.*Not advice/)
  await page.click('tr[data-symbol="INFY"] a')
  await page.waitForSelector('.insight:has-text("INFY moved")')
  assert.deepEqual(asked(), ['GET /api/v1/insights/TCS', 'GET /api/v1/insights/INFY'])
  assert.deepEqual(page.watched.complaints, [])
  await page.context().close()
})
