/** The watchlist as a real table. */
import { useServices } from '../state/services'
import { useValue } from '../state/useQuotes'
import { QuoteRow } from './QuoteRow'

export function QuoteTable() {
  const { symbols } = useValue(useServices().watchlist.state)
  return (
    <table className="quotes">
      <caption className="visually-hidden">Watchlist</caption>
      <thead>
        <tr>
          <th scope="col">Symbol</th>
          <th scope="col" className="spark"><span className="visually-hidden">Recent prices</span></th>
          <th scope="col" className="number">Last ₹</th>
          <th scope="col" className="number wide">Change</th>
          <th scope="col" className="number wide">%</th>
          <th scope="col" className="number wide">Volume</th>
          <th scope="col" className="age">Age</th>
        </tr>
      </thead>
      <tbody>
        {symbols.map((symbol) => (
          <QuoteRow key={symbol} symbol={symbol} />
        ))}
      </tbody>
    </table>
  )
}
