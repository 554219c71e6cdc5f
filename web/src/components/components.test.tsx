import { act, fireEvent, render, screen } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { ReactNode } from 'react'
import { parseConfig } from '../config'
import { ServicesContext, type Services } from '../state/services'
import { createStoryServices } from '../stories/storyServices'
import { STORIES } from '../stories/stories'
import { Change } from './Change'
import ConfigErrorPage from './ConfigErrorPage'
import { ConnectionPill } from './ConnectionPill'
import { Footer } from './Footer'
import { KindMark } from './KindMark'
import { QuoteTable } from './QuoteTable'
import SettingsDialog from './SettingsDialog'
import { StateBar } from './StateBar'

beforeEach(() => {
  vi.useFakeTimers()
  return () => vi.useRealTimers()
})

/** Renders a part of the page as it stands in one of the stories. */
function inStory(name: string, part: ReactNode): Services {
  const services = createStoryServices(parseConfig({ VITE_APP_ENV: 'development' }), STORIES[name] ?? {})
  render(<ServicesContext value={services}>{part}</ServicesContext>)
  act(() => void vi.advanceTimersByTime(50))
  return services
}

const table = <QuoteTable selected="TCS" editing={false} />
const rowOf = (symbol: string) => document.querySelector<HTMLElement>(`tr[data-symbol="${symbol}"]`)
const symbolsShown = () => [...document.querySelectorAll<HTMLElement>('tbody tr')].map((row) => row.dataset.symbol)

describe('S129 components: the state in one place', () => {
  it.each([
    ['loading', 'Loading'], ['live', 'Live'], ['stale', 'Stale'], ['degraded', 'Degraded'], ['polling', 'Polling'],
    ['offline', 'Offline'], ['paused', 'Paused'], ['closed', 'Market closed'],
  ])('%s is said by text, icon and colour', (state, word) => {
    inStory(state, <ConnectionPill />)
    const pill = screen.getByRole('status')
    expect(pill.dataset.state).toBe(state)
    expect(pill.textContent).toContain(word)
    expect(pill.classList.contains(`state-${state}`)).toBe(true)
    expect(pill.querySelector(`.icon-${state} path`)?.getAttribute('d')).toBeTruthy()
  })

  it('uses a shape of its own for each state, so that colour is never alone', () => {
    const shapes = Object.keys(STORIES).slice(0, 12).map((name) => {
      inStory(name, <ConnectionPill />)
      const pills = document.querySelectorAll<HTMLElement>('.pill')
      const pill = pills[pills.length - 1]
      return [pill?.dataset.state, pill?.querySelector('path')?.getAttribute('d')] as const
    })
    const byState = new Map(shapes)
    expect(byState.size).toBe(8)
    expect(new Set(byState.values()).size).toBe(8)
  })

  it('says in a sentence why updates are paused, and when a closed market opens', async () => {
    inStory('paused', <StateBar />)
    expect(screen.getByText('Updates are paused: maintenance until 12:00 IST')).toBeDefined()
    inStory('closed', <StateBar />)
    await act(() => vi.advanceTimersByTimeAsync(50))
    expect(screen.getByText(/opens 15 Jun 2026, 09:15:00\sIST/)).toBeDefined()
  })

  it('says that nothing comes over a standing connection, and keeps still while a broken one is renewed', () => {
    const { stream } = inStory('stale', <StateBar />)
    expect(screen.getByText(/No new prices have come/)).toBeDefined()
    act(() => stream.state.set({ ...stream.state.get(), socket: { phase: 'connecting', failedAttempts: 1, code: 1006, reason: '' } }))
    expect(screen.queryByText(/No new prices/), 'a bar that comes and goes in a second would only move the page').toBeNull()
  })
})

describe('S129 components: the mark', () => {
  it.each([['simulated', 'SIMULATED'], ['replay', 'REPLAY']])('%s is marked', (story, word) => {
    inStory(story, <KindMark />)
    expect(screen.getByRole('note').textContent).toContain(word)
  })

  it('real prices carry none', () => {
    inStory('live', <KindMark />)
    expect(screen.queryByRole('note')).toBeNull()
  })
})

describe('S129 components: the table', () => {
  it('is a real table whose rows are named by their symbols', () => {
    inStory('live', table)
    expect(screen.getByRole('table', { name: 'Watchlist' })).toBeDefined()
    expect(screen.getAllByRole('rowheader')).toHaveLength(10)
    expect(screen.getByRole('link', { name: /TCS/ }).getAttribute('href')).toBe('/s/TCS')
    expect(screen.getByRole('link', { name: /TCS/ }).getAttribute('aria-current')).toBe('true')
  })

  it('sorts by a head, says so by aria-sort, and returns to the own order', () => {
    inStory('live', table)
    const own = symbolsShown()
    const head = () => screen.getByRole('columnheader', { name: /Last/ })
    const click = () => fireEvent.click(screen.getByRole('button', { name: /Last/ }))
    click()
    expect(head().getAttribute('aria-sort')).toBe('descending')
    expect(symbolsShown()[0]).toBe('LT')
    click()
    expect(head().getAttribute('aria-sort')).toBe('ascending')
    expect(symbolsShown()[0]).toBe('ITC')
    click()
    expect(head().getAttribute('aria-sort')).toBe('none')
    expect(symbolsShown()).toEqual(own)
  })

  it('is walked, reordered and emptied by keyboard', () => {
    const { watchlist } = inStory('live', table)
    const link = (symbol: string) => rowOf(symbol)?.querySelector('a') as HTMLElement
    link('TCS').focus()
    fireEvent.keyDown(link('TCS'), { key: 'ArrowDown' })
    expect(document.activeElement).toBe(link('HDFCBANK'))
    fireEvent.keyDown(link('HDFCBANK'), { key: 'ArrowUp', altKey: true })
    expect(watchlist.state.get().symbols.slice(0, 3)).toEqual(['RELIANCE', 'HDFCBANK', 'TCS'])
    fireEvent.keyDown(link('HDFCBANK'), { key: 'Delete' })
    expect(watchlist.has('HDFCBANK')).toBe(false)
    expect(document.activeElement, 'the focus must not be lost with the row').toBe(link('TCS'))
  })

  it('marks late rows only', () => {
    inStory('late', table)
    expect(rowOf('INFY')?.querySelector('.age-dot.stale')?.textContent).toBe('42 s old')
    expect(rowOf('TCS')?.querySelector('.age-dot.stale')).toBeNull()
  })

  it('announces no price by itself', () => {
    inStory('live', table)
    expect(document.querySelector('table [aria-live], table [role=status]'), 'a live region would read every tick').toBeNull()
  })
})

describe('S129 components: change', () => {
  it.each([[12.3, '▲ +12.30 (+0.50%)', 'up'], [-12.3, '▼ −12.30 (+0.50%)', 'down'], [0, '■ 0.00 (+0.50%)', 'flat']])('%d by shape, sign and colour', (change, text, direction) => {
    const { container } = render(<Change change={change} percent={0.5} show="both" />)
    expect(container.textContent).toBe(text)
    expect(container.querySelector(`.${direction}`)).not.toBeNull()
  })

  it('an unknown change is no zero', () => {
    const { container } = render(<Change change={null} percent={null} show="both" />)
    expect(container.textContent).toBe('–')
  })
})

describe('S129 components: surroundings', () => {
  it('the footer names environment and release', () => {
    inStory('live', <Footer open={() => undefined} />)
    expect(screen.getByText('development')).toBeDefined()
    expect(screen.getByText('Release story')).toBeDefined()
  })

  it('the configuration page lists every problem', () => {
    render(<ConfigErrorPage problems={[['other', 'first'], ['other', 'second']]} />)
    expect(screen.getAllByRole('listitem').map((item) => item.textContent)).toEqual(['first', 'second'])
  })

  it('settings are kept', () => {
    const { settings } = inStory('live', <SettingsDialog close={() => undefined} />)
    fireEvent.click(screen.getByRole('radio', { name: 'Dark', hidden: true }))
    fireEvent.click(screen.getByRole('checkbox', { name: /Swap/, hidden: true }))
    expect(settings.get()).toMatchObject({ theme: 'dark', swapped: true })
    expect(JSON.parse(localStorage.getItem('settings') ?? '{}')).toMatchObject({ theme: 'dark', swapped: true })
  })

  it('shows no sign-in where none is configured', () => {
    inStory('live', <SettingsDialog close={() => undefined} />)
    expect(screen.queryByText(/sign in/i)).toBeNull()
  })
})
