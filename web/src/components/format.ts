/** Numbers and times as an Indian reader expects them: lakh and crore, true minus, India's time whatever the browser's zone. */

const MINUS = '\u2212'
const BLANK = '\u00a0'
export const UNKNOWN = '–'

const price = new Intl.NumberFormat('en-IN', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const whole = new Intl.NumberFormat('en-IN', { maximumFractionDigits: 0 })
const zone = 'Asia/Kolkata'
const clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', second: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { timeZone: zone, day: 'numeric', month: 'short', year: 'numeric' })

type Known = number | null | undefined

/** `2,450.50`: rupees without the sign. */
export function formatPrice(value: Known): string {
  return value === null || value === undefined ? UNKNOWN : trueMinus(price.format(value))
}

/** `₹2,450.50`. */
export function formatRupees(value: Known): string {
  return value === null || value === undefined ? UNKNOWN : `₹${formatPrice(value)}`
}

/** `+12.30`, `−0.05`, `0.00`. */
export function formatChange(value: Known): string {
  return value === null || value === undefined ? UNKNOWN : signed(value)
}

/** `+0.50%`. */
export function formatPercent(value: Known): string {
  return value === null || value === undefined ? UNKNOWN : `${signed(value)}%`
}

/** Shares, truncated, never rounded up: `98,765`, `12.34 L`, `1.23 Cr`, `1.23 L Cr`. */
export function formatVolume(value: Known): string {
  if (value === null || value === undefined) return UNKNOWN
  if (value < 1e5) return whole.format(value)
  if (value < 1e7) return `${truncated(value, 1e5)} L`
  if (value < 1e12) return `${truncated(value, 1e7)} Cr`
  return `${truncated(value, 1e12)} L Cr`
}

/** All digits, grouped in lakh and crore. */
export function formatWhole(value: Known): string {
  return value === null || value === undefined ? UNKNOWN : whole.format(value)
}

/** `15:29:58 IST`. */
export function formatTime(moment: number | string): string {
  const date = new Date(moment)
  return Number.isNaN(date.getTime()) ? UNKNOWN : `${clock.format(date)}${BLANK}IST`
}

/** `15:29`. */
export function formatShortTime(moment: number | string): string {
  return formatTime(moment).slice(0, 5)
}

/** `10 Jun 2025`. */
export function formatDate(moment: number | string): string {
  const date = new Date(moment)
  return Number.isNaN(date.getTime()) ? UNKNOWN : day.format(date)
}

/** `now`, `42 s`, `3 min`, `2 h`, `4 d`. */
export function formatAge(ageMs: number): string {
  const seconds = Math.floor(ageMs / 1000)
  if (seconds < 2) return 'now'
  if (seconds < 100) return `${seconds} s`
  if (seconds < 5_400) return `${Math.floor(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

function signed(value: number): string {
  const text = price.format(Math.abs(value))
  if (text === '0.00') return text
  return value < 0 ? `${MINUS}${text}` : `+${text}`
}

function trueMinus(text: string): string {
  return text.replace('-', MINUS)
}

/** Two decimals cut off, in integers: 1.15 Cr must not become 1.14 by a float's rounding. */
function truncated(value: number, unit: number): string {
  return price.format(Math.floor(value / (unit / 100)) / 100)
}
