/** The whole page over scripted servers: what the integration suites look at. */
import { act, render, screen, within } from '@testing-library/react'
import { vi } from 'vitest'
import { App } from '../App'
import { parseConfig } from '../config'
import type { PriceUpdate } from '../contract/messages'
import { loadDefaults } from '../state/defaults'
import { route, routeOf } from '../state/route'
import { createServices, ServicesContext, type Services } from '../state/services'
import { json, problem, ScriptedServer } from './scriptedServer'
import { updateOf } from './updates'

export class ScriptedPage {
  readonly server = new ScriptedServer()
  readonly services: Services
  /** What REST answers for quotes; empty: nothing is known. */
  quotes: PriceUpdate[] = [updateOf('TCS', { data: { price: 3128.6 } }), updateOf('INFY', { data: { price: 1540.1 } })]
  restFails = false
  /** Answers of a test's own, by the beginning of the path. */
  readonly answers: Record<string, unknown> = {}

  constructor(config: Record<string, unknown> = {}) {
    this.server.answer = (path) => this.answer(path)
    route.set(routeOf(window.location.pathname))
    this.services = createServices(parseConfig({ VITE_APP_ENV: 'test', ...config }))
  }

  async open(): Promise<void> {
    this.services.stream.start()
    await act(async () => {
      void loadDefaults(this.services)
      render(<ServicesContext value={this.services}><App /></ServicesContext>, { onCaughtError: () => undefined })
      await vi.advanceTimersByTimeAsync(50)
    })
  }

  close(): void {
    this.services.stream.stop()
  }

  /** Lets time pass, with all that happens in it. */
  async pass(ms: number): Promise<void> {
    await act(() => vi.advanceTimersByTimeAsync(ms))
  }

  /** Waits for parts that are fetched when they are needed; within act, or React would hold them back in real time. */
  async loaded(): Promise<void> {
    await act(() => vi.dynamicImportSettled())
    await this.pass(20)
  }

  /** Does something to the server and lets the page draw it. */
  async when(happens: () => void): Promise<void> {
    act(happens)
    await this.pass(20)
  }

  get pill(): string | undefined {
    return document.querySelector<HTMLElement>('.pill')?.dataset.state
  }

  row(symbol: string): HTMLElement {
    const row = document.querySelector<HTMLElement>(`tr[data-symbol="${symbol}"]`)
    if (!row) throw new Error(`no row of ${symbol}`)
    return row
  }

  price(symbol: string): string | undefined {
    return this.row(symbol).querySelector<HTMLElement>('.price')?.dataset.price
  }

  toasts(): number {
    return document.querySelectorAll('.toast').length
  }

  button(name: string | RegExp, inside: HTMLElement = document.body): HTMLElement {
    return within(inside).getByRole('button', { name })
  }

  see(text: string | RegExp): HTMLElement {
    return screen.getByText(text)
  }

  private answer(path: string): Response {
    if (this.restFails) return problem(503)
    const own = Object.keys(this.answers).find((start) => path.startsWith(start))
    if (own) return json(this.answers[own])
    if (path.startsWith('/api/v1/quotes')) {
      const asked = new URL(path, 'http://x').searchParams.get('symbols')?.split(',')
      return json({ quotes: asked ? this.quotes.filter(({ symbol }) => asked.includes(symbol)) : this.quotes, missing: [] })
    }
    if (path.startsWith('/api/v1/indices')) return json({ indices: [updateOf('NIFTY 50', { data: { price: 24_812.4 } })] })
    if (path.startsWith('/api/v1/symbols')) return json({ symbols: [{ symbol: 'WIPRO', name: 'Wipro' }] })
    if (path.startsWith('/api/v1/market/status')) return json({ session: 'closed', nextOpen: '2026-06-15T03:45:00.000Z' })
    return json({})
  }
}
