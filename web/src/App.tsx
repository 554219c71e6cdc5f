/** Layout of the page; each part reads its own data. */
import { useEffect } from 'react'
import { ConnectionPill } from './components/ConnectionPill'
import { Footer } from './components/Footer'
import { KindMark } from './components/KindMark'
import { QuoteTable } from './components/QuoteTable'
import { useServices } from './state/services'
import { useValue } from './state/useQuotes'

export function App() {
  const { stream, watchlist } = useServices()
  const { symbols } = useValue(watchlist.state)
  useEffect(() => stream.watch('watchlist', symbols), [stream, symbols])
  return (
    <>
      <header className="top-bar">
        <span className="brand">Stock Tracker</span>
        <ConnectionPill />
      </header>
      <KindMark />
      <main>
        <section className="card" aria-label="Watchlist">
          <QuoteTable />
        </section>
      </main>
      <Footer />
    </>
  )
}
