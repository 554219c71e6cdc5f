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

/** All that is wrong with the configuration at once, in words for whoever deployed it. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigError'
  }
}

const KNOWN = new Set([
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
    throw new ConfigError([`${path} could not be fetched: the web server did not answer. Check that it runs, then reload.`])
  }
  if (!response.ok) {
    throw new ConfigError([`${path} was answered with HTTP ${response.status}, expected 200. The web container mounts it at /srv/config/config.json.`])
  }
  let raw: unknown
  try {
    raw = await response.json()
  } catch {
    throw new ConfigError([`${path} is not JSON. Expected one object, for example {"VITE_APP_ENV": "production"}.`])
  }
  return parseConfig(raw)
}

/** @throws ConfigError naming every wrong value at once. */
export function parseConfig(raw: unknown): Config {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new ConfigError(['config.json must be one object, for example {"VITE_APP_ENV": "production"}.'])
  }
  const values = raw as Record<string, unknown>
  const problems: string[] = Object.keys(values).flatMap(refuseKey)
  const config: Config = {
    apiBaseUrl: urlOf(values, 'VITE_API_BASE_URL', ['http:', 'https:'], '', problems).replace(/\/+$/, ''),
    wsUrl: urlOf(values, 'VITE_WS_URL', ['ws:', 'wss:'], '/ws', problems),
    enableWebSocket: flagOf(values, 'VITE_ENABLE_WEBSOCKET', problems),
    fallbackToPolling: flagOf(values, 'VITE_FALLBACK_TO_POLLING', problems),
    appEnv: textOf(values, 'VITE_APP_ENV', problems) || 'production',
    release: textOf(values, 'RELEASE', problems) || 'unknown',
    supabase: supabaseOf(values, problems),
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

function refuseKey(key: string): string[] {
  if (SECRET.has(key)) return [`${key} would be public in every browser. Remove it here and set it as a secret of the API instead.`]
  if (key.startsWith('VITE_') && !KNOWN.has(key)) return [`${key} is not a known name. Known: ${[...KNOWN].join(', ')}.`]
  return []
}

function textOf(values: Record<string, unknown>, key: string, problems: string[]): string {
  const value = values[key] ?? ''
  if (typeof value === 'string') return value.trim()
  problems.push(`${key} must be text, got ${JSON.stringify(value)}.`)
  return ''
}

function flagOf(values: Record<string, unknown>, key: string, problems: string[]): boolean {
  const value = values[key] ?? true
  if (value === true || value === 'true' || value === '') return true
  if (value === false || value === 'false') return false
  problems.push(`${key} must be true or false, got ${JSON.stringify(value)}.`)
  return true
}

function urlOf(values: Record<string, unknown>, key: string, schemes: string[], fallback: string, problems: string[]): string {
  const text = textOf(values, key, problems)
  if (text === '') return fallback
  if (/^\/(?!\/)/.test(text)) return text
  if (URL.canParse(text) && schemes.includes(new URL(text).protocol)) return text
  problems.push(`${key} must be a path or an address starting with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}, got ${JSON.stringify(text)}.`)
  return fallback
}

function supabaseOf(values: Record<string, unknown>, problems: string[]): SupabaseConfig | null {
  const url = urlOf(values, 'VITE_SUPABASE_URL', ['http:', 'https:'], '', problems)
  const publishableKey = textOf(values, 'VITE_SUPABASE_PUBLISHABLE_KEY', problems)
  if (url === '' && publishableKey === '') return null
  if (url !== '' && publishableKey !== '') return { url: url.replace(/\/+$/, ''), publishableKey }
  problems.push('VITE_SUPABASE_URL and VITE_SUPABASE_PUBLISHABLE_KEY must be set together, or neither of them.')
  return null
}
