/** Everything known about one symbol: beside the list on a wide screen, a sheet over it on a phone. */
import { lazy, Suspense, useRef } from 'react'
import type { Exchange, Quote } from '../contract/messages'
import { useServices } from '../state/services'
import { useNow } from '../state/ticker'
import { useName, useQuote, useStreamState, useValue } from '../state/useQuotes'
import { AgeDot } from './AgeDot'
import { Change } from './Change'
import { formatDate, formatPrice, formatRupees, formatTime, formatVolume, formatWhole, UNKNOWN } from './format'
import { Guard } from './Guard'
import { Icon } from './Icon'
import { useFlash } from './useFlash'

const ChartPanel = lazy(() => import('./ChartPanel'))
const InsightCard = lazy(() => import('./InsightCard'))

export function Detail({ symbol }: { readonly symbol: string }) {
  const row = useQuote(symbol)
  const name = useName(symbol)
  const refusal = useStreamState().refused.get(symbol)
  const price = useRef<HTMLParagraphElement>(null)
  useFlash(price, row)
  const data = row?.update.data
  return (
    <>
      <div className="detail-head">
        <div>
          <h2>{symbol}</h2>
          <p className="muted">{described(name, data?.exchange)}</p>
        </div>
        <WatchButton symbol={symbol} />
      </div>
      <p className="big-price" ref={price}>{data ? formatRupees(data.price) : UNKNOWN}</p>
      <p className="big-change">
        {data ? <Change change={data.change} percent={data.changePercent} show="both" /> : <span className="muted">{refusal ? 'Not offered by this source.' : 'Waiting for the first price…'}</span>}
        <AgeDot row={row} />
      </p>
      <Figures data={data} />
      <Guard key={symbol}>
        <Suspense fallback={<div className="chart-space" />}>
          <ChartPanel symbol={symbol} />
          <InsightCard symbol={symbol} />
        </Suspense>
      </Guard>
    </>
  )
}

/** A price of another exchange than the usual one says so beside the name. */
function described(name: string, exchange: Exchange = 'NSE'): string {
  if (!name) return exchange
  return exchange === 'NSE' ? name : `${name} · ${exchange}`
}

function WatchButton({ symbol }: { readonly symbol: string }) {
  const { watchlist } = useServices()
  const held = useValue(watchlist.state).symbols.includes(symbol)
  return (
    <button type="button" className="button" onClick={() => (held ? watchlist.remove(symbol) : watchlist.add(symbol))}>
      <Icon name={held ? 'check' : 'plus'} /> {held ? 'Watching' : 'Watch'}
    </button>
  )
}

function Figures({ data }: { readonly data: Quote | undefined }) {
  const now = useNow()
  const traded = data?.sourceTime ?? ''
  const day = !data || formatDate(traded) === formatDate(now) ? '' : `${formatDate(traded)}, `
  const figures: readonly (readonly [string, string, string?])[] = [
    ['Open', formatPrice(data?.open)],
    ['High', formatPrice(data?.dayHigh)],
    ['Low', formatPrice(data?.dayLow)],
    ['Prev. close', formatPrice(data?.previousClose)],
    ['Volume', formatVolume(data?.volume), `${formatWhole(data?.volume)} shares`],
    ['Last trade', day + formatTime(traded)],
  ]
  return (
    <dl className="figures">
      {figures.map(([label, text, title]) => (
        <div key={label} title={title}>
          <dt>{label}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  )
}
