import { describe, expect, it } from 'vitest'
import { formatAge, formatChange, formatDate, formatPercent, formatPrice, formatRupees, formatTime, formatVolume } from './format'

describe('numbers as an Indian reader expects them', () => {
  it.each<[number | null | undefined, string]>([[2450.5, '₹2,450.50'], [123456789.126, '₹12,34,56,789.13'], [0.05, '₹0.05'], [null, '–'], [undefined, '–']])('rupees %s', (value, text) => {
    expect(formatRupees(value)).toBe(text)
  })

  it('writes a true minus, never a hyphen', () => {
    expect(formatChange(-12.3)).toBe('−12.30')
    expect(formatPrice(-1)).toBe('−1.00')
  })

  it.each<[number | null, string]>([[12.3, '+12.30'], [0, '0.00'], [-0.004, '0.00'], [0.004, '0.00'], [null, '–']])('change %s', (value, text) => {
    expect(formatChange(value)).toBe(text)
  })

  it('percent', () => {
    expect(formatPercent(-0.5)).toBe('−0.50%')
  })

  it.each<[number, string]>([
    [0, '0'], [98_765, '98,765'], [99_999, '99,999'], [100_000, '1.00 L'], [1_234_567, '12.34 L'], [9_999_999, '99.99 L'],
    [10_000_000, '1.00 Cr'], [11_500_000, '1.15 Cr'], [12_345_678, '1.23 Cr'], [999_999_999_999, '99,999.99 Cr'], [1_230_000_000_000, '1.23 L Cr'],
  ])('volume %i is cut off, never rounded up', (value, text) => {
    expect(formatVolume(value)).toBe(text)
  })

  it('shows India’s time whatever the browser’s zone', () => {
    expect(formatTime('2025-06-10T09:59:58.000Z')).toBe('15:29:58\u00a0IST')
    expect(formatDate('2025-06-09T20:00:00.000Z'), 'already the next day in India').toBe('10 Jun 2025')
    expect(formatTime('nonsense')).toBe('–')
  })

  it.each<[number, string]>([[0, 'now'], [1_999, 'now'], [42_000, '42 s'], [120_000, '2 min'], [7_200_000, '2 h'], [259_200_000, '3 d']])('age %i', (age, text) => {
    expect(formatAge(age)).toBe(text)
  })
})
