/** The chart in the page's own colours, read from the style sheet, so that themes and palettes hold there too. */
import { ColorType, CrosshairMode, LineStyle, type ChartOptions, type DeepPartial } from 'lightweight-charts'
import { formatPrice } from './format'

export type ChartStyle = 'line' | 'candles'

export interface ChartColors {
  readonly text: string
  readonly line: string
  readonly up: string
  readonly down: string
  readonly accent: string
  readonly fill: string
  readonly faint: string
}

/** Computed by the browser: a custom property alone would still read `light-dark(…)`. */
export function colorsOf(place: HTMLElement): ChartColors {
  const probe = document.createElement('span')
  place.append(probe)
  const read = (value: string): string => {
    probe.style.color = value
    return getComputedStyle(probe).color
  }
  const colors = {
    text: read('var(--ink-2)'), line: read('var(--line)'), up: read('var(--up)'), down: read('var(--down)'),
    accent: read('var(--accent)'), fill: faded(read('var(--accent)'), 0.22), faint: faded(read('var(--accent)'), 0),
  }
  probe.remove()
  return colors
}

function faded(rgb: string, alpha: number): string {
  return rgb.replace('rgb(', 'rgba(').replace(')', `, ${alpha})`)
}

export function chartOptions(colors: ChartColors): DeepPartial<ChartOptions> {
  return {
    autoSize: true,
    layout: {
      background: { type: ColorType.Solid, color: 'transparent' },
      textColor: colors.text,
      fontFamily: "'Inter', system-ui, sans-serif",
      fontSize: 11,
      attributionLogo: false, // set as a link below the chart: the library's own would break the content policy
    },
    grid: { vertLines: { visible: false }, horzLines: { color: colors.line } },
    rightPriceScale: { borderVisible: false, entireTextOnly: true, scaleMargins: { top: 0.12, bottom: 0.08 } },
    timeScale: { borderVisible: false, timeVisible: true, secondsVisible: false, fixLeftEdge: true, fixRightEdge: true },
    crosshair: { mode: CrosshairMode.Magnet, vertLine: { style: LineStyle.Dashed }, horzLine: { style: LineStyle.Dashed } },
    localization: { locale: 'en-IN', priceFormatter: formatPrice },
    handleScroll: { vertTouchDrag: false },
  }
}

export function seriesOptions(colors: ChartColors, style: ChartStyle): object {
  if (style === 'line') {
    return { lineColor: colors.accent, lineWidth: 2, topColor: colors.fill, bottomColor: colors.faint, priceLineVisible: false }
  }
  const { up, down } = colors
  return { upColor: up, wickUpColor: up, borderUpColor: up, downColor: down, wickDownColor: down, borderDownColor: down, priceLineVisible: false }
}
