/** What the user chose about looks and reading, kept in the browser. */
import { StoredValue } from './value'

export type Theme = 'system' | 'light' | 'dark'
export type Palette = 'blue-orange' | 'classic'
export type SortKey = 'symbol' | 'price' | 'change' | 'percent' | 'volume'

export interface Sort {
  readonly key: SortKey
  readonly descending: boolean
}

export interface Settings {
  readonly theme: Theme
  readonly palette: Palette
  /** Exchanges the colours of up and down. */
  readonly swapped: boolean
  /** Whether a digest of changes is announced every 15 s to a screen reader. */
  readonly readsChanges: boolean
  readonly hintDismissed: boolean
  /** Null: the user's own order. */
  readonly sort: Sort | null
  readonly chartStyle: 'line' | 'candles'
}

const DEFAULTS: Settings = {
  theme: 'system',
  palette: 'blue-orange',
  swapped: false,
  readsChanges: false,
  hintDismissed: false,
  sort: null,
  chartStyle: 'line',
}

export type SettingsValue = StoredValue<Settings>

export function createSettings(): SettingsValue {
  const accept = (stored: unknown): Settings => ({ ...DEFAULTS, ...(stored as Partial<Settings>) })
  return new StoredValue<Settings>('settings', DEFAULTS, accept)
}

/** Puts theme and colours where the style sheet looks for them. */
export function showSettings({ theme, palette, swapped }: Settings, root: HTMLElement): void {
  if (theme === 'system') delete root.dataset.theme
  else root.dataset.theme = theme
  root.dataset.palette = swapped ? `${palette}-swapped` : palette
}
