// What a page test stands on: a browser, and either the deployed stack named by BASE_URL or the scripted stand-in.
import { launch, watchPage } from './browser.mjs'
import { faultsOf } from './faults.mjs'
import { Standin } from './standin.mjs'

export const DESKTOP = { width: 1440, height: 900 }
export const PHONE = { width: 390, height: 844 }

export class Stage {
  /** `alone: true` for tests that always want the stand-in; the other options are the stand-in's. */
  static async open(options = {}) {
    const stage = new Stage()
    stage.base = options.alone ? undefined : process.env.BASE_URL?.replace(/\/$/, '')
    if (!stage.base) {
      stage.standin = new Standin(options)
      stage.base = await stage.standin.start()
    }
    stage.browser = await launch()
    stage.faults = await faultsOf(stage)
    return stage
  }

  async close() {
    await this.browser.close()
    await this.standin?.stop()
  }

  /** A page in a profile of its own. `config` replaces parts of the stack's /config.json for this page only. */
  async page({ viewport = DESKTOP, colorScheme = 'light', config, path = '/', wait = 'td[data-price]', context: given = {} } = {}) {
    const phone = viewport.width < 600
    const context = await this.browser.newContext({ viewport, colorScheme, isMobile: phone, hasTouch: phone, ...given })
    const page = await context.newPage()
    page.watched = await watchPage(page)
    if (config) await page.route('**/config.json', async (route) => route.fulfill({ json: { ...(await (await route.fetch()).json()), ...config } }))
    await page.goto(this.base + path, { waitUntil: 'load' })
    if (wait) await page.waitForSelector(wait, { timeout: 5_000 })
    return page
  }
}

export const stateOf = (page) => page.getAttribute('.pill', 'data-state')

export async function untilState(page, state, timeout = 10_000) {
  try {
    await page.waitForSelector(`.pill[data-state="${state}"]`, { timeout })
  } catch {
    throw new Error(`the page is "${await stateOf(page)}" after ${timeout} ms, expected "${state}"`)
  }
}

export const priceOf = (page, symbol) => page.getAttribute(`tr[data-symbol="${symbol}"] td.price`, 'data-price')

/** Waits until a symbol's price differs from what it is now; returns the time that took, in ms. */
export async function untilPriceChanges(page, symbol, timeout = 3_000) {
  const before = await priceOf(page, symbol)
  const started = Date.now()
  await page.waitForFunction(
    ([wanted, old]) => document.querySelector(`tr[data-symbol="${wanted}"] td.price`)?.dataset.price !== old,
    [symbol, before],
    { timeout, polling: 30 },
  )
  return Date.now() - started
}
