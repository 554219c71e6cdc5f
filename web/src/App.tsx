/** Layout of the page; each part reads its own data. */
import { lazy, Suspense, useEffect, useState } from 'react'
import { Detail } from './components/Detail'
import { OpenDialog, type DialogName } from './components/dialogs'
import { Footer } from './components/Footer'
import { IndicesStrip } from './components/IndicesStrip'
import { KindMark } from './components/KindMark'
import { StateBar } from './components/StateBar'
import { Toasts } from './components/Toasts'
import { TopBar } from './components/TopBar'
import { useMedia, WIDE } from './components/useMedia'
import { useShortcuts } from './components/useShortcuts'
import { WatchPanel } from './components/WatchPanel'
import { route } from './state/route'
import { useServices } from './state/services'
import { showSettings } from './state/settings'
import { useStreamState, useValue } from './state/useQuotes'

const DetailSheet = lazy(() => import('./components/DetailSheet'))
const NoticeBanner = lazy(() => import('./components/NoticeBanner'))
const ChangesReader = lazy(() => import('./components/ChangesReader'))

export function App() {
  const { settings } = useServices()
  const chosen = useValue(settings)
  const { notice } = useStreamState()
  const [dialog, setDialog] = useState<DialogName | null>(null)
  const wide = useMedia(WIDE)
  const { symbol } = useValue(route)
  const shown = useShownSymbol(symbol)
  useShortcuts(setDialog)
  useEffect(() => showSettings(chosen, document.documentElement), [chosen])
  return (
    <>
      <TopBar open={setDialog} />
      <section aria-label="Market">
        <KindMark />
        {notice && <Suspense fallback={null}><NoticeBanner notice={notice} /></Suspense>}
        <StateBar />
        <IndicesStrip />
      </section>
      <main>
        <WatchPanel selected={wide ? shown : symbol} open={setDialog} />
        {wide && shown && <section className="card detail" aria-label={`Details of ${shown}`}><Detail symbol={shown} /></section>}
      </main>
      <Footer open={setDialog} />
      {!wide && symbol && <Suspense fallback={null}><DetailSheet key={symbol} symbol={symbol} /></Suspense>}
      <OpenDialog name={dialog} close={() => setDialog(null)} />
      <Toasts />
      {chosen.readsChanges && <Suspense fallback={null}><ChangesReader /></Suspense>}
    </>
  )
}

/** The symbol whose detail is open; on a wide screen there always is one. Keeps the stream and the title to it. */
function useShownSymbol(symbol: string | null): string | null {
  const { stream, watchlist } = useServices()
  const { symbols } = useValue(watchlist.state)
  const shown = symbol ?? (symbols.includes('RELIANCE') ? 'RELIANCE' : (symbols[0] ?? null))
  useEffect(() => stream.watch('watchlist', symbols), [stream, symbols])
  useEffect(() => stream.watch('detail', shown ? [shown] : []), [stream, shown])
  useEffect(() => {
    document.title = symbol ? `${symbol} · Stock Tracker` : 'Stock Tracker'
  }, [symbol])
  return shown
}
