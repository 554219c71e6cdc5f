/** Company names: of the first visit's symbols from the start, of others as the search finds them. */
import { StoredValue } from './value'

const FIRST_NAMES: Readonly<Record<string, string>> = {
  RELIANCE: 'Reliance Industries',
  TCS: 'Tata Consultancy Services',
  HDFCBANK: 'HDFC Bank',
  ICICIBANK: 'ICICI Bank',
  INFY: 'Infosys',
  ITC: 'ITC',
  SBIN: 'State Bank of India',
  BHARTIARTL: 'Bharti Airtel',
  LT: 'Larsen & Toubro',
  HINDUNILVR: 'Hindustan Unilever',
}

export interface NamedSymbol {
  readonly symbol: string
  readonly name: string
}

export class Names {
  readonly known = new StoredValue<Readonly<Record<string, string>>>('names', FIRST_NAMES, (stored) => ({
    ...(stored as Record<string, string>),
    ...FIRST_NAMES,
  }))

  of(symbol: string): string {
    return this.known.get()[symbol] ?? ''
  }

  learn(found: readonly NamedSymbol[]): void {
    const fresh = found.filter(({ symbol, name }) => name !== '' && this.of(symbol) === '')
    if (fresh.length === 0) return
    this.known.set({ ...this.known.get(), ...Object.fromEntries(fresh.map(({ symbol, name }) => [symbol, name])) })
  }
}
