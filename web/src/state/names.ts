/** Company names of the first visit's symbols, so that the table is whole before the instrument list has come. */
import { Value } from './value'

const FIRST_NAMES: Record<string, string> = {
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

export const names = new Value<Readonly<Record<string, string>>>(FIRST_NAMES)

export function nameOf(symbol: string): string {
  return names.get()[symbol] ?? ''
}
