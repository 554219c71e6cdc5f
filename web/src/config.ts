/** Reads the runtime `/config.json` once and validates it: one image serves every environment. Decides nothing else. */

export interface Config {
  /** Prefix of REST paths; empty for the page's own origin. */
  readonly apiBaseUrl: string
  /** Address of the socket; a path is resolved against the page's own origin. */
  readonly wsUrl: string
  readonly enableWebSocket: boolean
  readonly fallbackToPolling: boolean
  readonly appEnv: string
  readonly release: string
  /** Null when no sign-in is configured. */
  readonly supabase: SupabaseConfig | null
}

export interface SupabaseConfig {
  readonly url: string
  readonly publishableKey: string
}

export type ProblemKind = 'unreachable' | 'status' | 'json' | 'object' | 'secret' | 'unknown' | 'text' | 'flag' | 'http' | 'ws' | 'pair' | 'other'
/** What is wrong, with which name or path, and what was found; components/configWords says it in words. */
export type ConfigProblem = readonly [kind: ProblemKind, name: string, found?: unknown]

/** All that is wrong with the configuration at once. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => problem.join(' ')).join('\n'))
    this.name = 'ConfigError'
  }
}

export const KNOWN = new Set([
  'VITE_SUPABASE_URL',
  'VITE_SUPABASE_PUBLISHABLE_KEY',
  'VITE_SUPABASE_PROJECT_ID',
  'VITE_API_BASE_URL',
  'VITE_WS_URL',
  'VITE_ENABLE_WEBSOCKET',
  'VITE_FALLBACK_TO_POLLING',
  'VITE_APP_ENV',
])

/** The seed's names that would publish a key to every visitor. */
const SECRET = new Set(['VITE_GEMINI_API_KEY', 'VITE_ALPHA_VANTAGE_API_KEY', 'VITE_TWELVE_DATA_API_KEY'])

/** Fetches and validates the configuration.
 * @throws ConfigError when it cannot be read or is wrong. */
export async function loadConfig(path = '/config.json'): Promise<Config> {
  let response: Response
  try {
    response = await fetch(path, { credentials: 'same-origin' })
  } catch {
    throw new ConfigError([['unreachable', path]])
  }
  if (!response.ok) {
    throw new ConfigError([['status', path, response.status]])
  }
  let raw: unknown
  try {
    raw = await response.json()
  } catch {
    throw new ConfigError([['json', path]])
  }
  return parseConfig(raw)
}

/** @throws ConfigError naming every wrong value at once. */
export function parseConfig(raw: unknown): Config {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new ConfigError([['object', 'config.json']])
  }
  const values = raw as Record<string, unknown>
  const problems: ConfigProblem[] = Object.keys(values).flatMap(refuseKey)
  const config: Config = {
    apiBaseUrl: urlOf(values, 'VITE_API_BASE_URL', 'http', '', problems).replace(/\/+$/, ''),
    wsUrl: urlOf(values, 'VITE_WS_URL', 'ws', '/ws', problems),
    enableWebSocket: flagOf(values, 'VITE_ENABLE_WEBSOCKET', problems),
    fallbackToPolling: flagOf(values, 'VITE_FALLBACK_TO_POLLING', problems),
    appEnv: textOf(values, 'VITE_APP_ENV', problems) || 'production',
    release: textOf(values, 'RELEASE', problems) || 'unknown',
    supabase: supabaseOf(values, problems),
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

function refuseKey(key: string): ConfigProblem[] {
  if (SECRET.has(key)) return [['secret', key]]
  if (key.startsWith('VITE_') && !KNOWN.has(key)) return [['unknown', key]]
  return []
}

function textOf(values: Record<string, unknown>, key: string, problems: ConfigProblem[]): string {
  const value = values[key] ?? ''
  if (typeof value === 'string') return value.trim()
  problems.push(['text', key, value])
  return ''
}

function flagOf(values: Record<string, unknown>, key: string, problems: ConfigProblem[]): boolean {
  const value = values[key] ?? true
  if (value === true || value === 'true' || value === '') return true
  if (value === false || value === 'false') return false
  problems.push(['flag', key, value])
  return true
}

function urlOf(values: Record<string, unknown>, key: string, scheme: 'http' | 'ws', fallback: string, problems: ConfigProblem[]): string {
  const text = textOf(values, key, problems)
  if (text === '') return fallback
  if (/^\/(?!\/)/.test(text)) return text
  if (URL.canParse(text) && [`${scheme}:`, `${scheme}s:`].includes(new URL(text).protocol)) return text
  problems.push([scheme, key, text])
  return fallback
}

function supabaseOf(values: Record<string, unknown>, problems: ConfigProblem[]): SupabaseConfig | null {
  const url = urlOf(values, 'VITE_SUPABASE_URL', 'http', '', problems)
  const publishableKey = textOf(values, 'VITE_SUPABASE_PUBLISHABLE_KEY', problems)
  if (url === '' && publishableKey === '') return null
  if (url !== '' && publishableKey !== '') return { url: url.replace(/\/+$/, ''), publishableKey }
  problems.push(['pair', 'VITE_SUPABASE_URL and VITE_SUPABASE_PUBLISHABLE_KEY'])
  return null
}
