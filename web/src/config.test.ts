import { describe, expect, it } from 'vitest'
import { json, problem, ScriptedServer } from './testing/scriptedServer'
import { problemWords } from './components/configWords'
import { ConfigError, loadConfig, parseConfig } from './config'

function problemsOf(raw: unknown): readonly string[] {
  try {
    parseConfig(raw)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(problemWords)
    throw error
  }
  return []
}

describe('runtime configuration', () => {
  it('needs nothing: the page then lives on its own origin', () => {
    expect(parseConfig({})).toMatchObject({ apiBaseUrl: '', wsUrl: '/ws', enableWebSocket: true, fallbackToPolling: true, appEnv: 'production', supabase: null })
  })

  it('takes the seed’s names', () => {
    const config = parseConfig({
      VITE_API_BASE_URL: 'https://api.example/',
      VITE_WS_URL: 'wss://ws.example/ws',
      VITE_ENABLE_WEBSOCKET: 'false',
      VITE_FALLBACK_TO_POLLING: false,
      VITE_APP_ENV: 'development',
      VITE_SUPABASE_URL: 'https://project.example',
      VITE_SUPABASE_PUBLISHABLE_KEY: 'public',
      RELEASE: '42',
    })
    expect(config).toEqual({
      apiBaseUrl: 'https://api.example', wsUrl: 'wss://ws.example/ws', enableWebSocket: false, fallbackToPolling: false,
      appEnv: 'development', release: '42', supabase: { url: 'https://project.example', publishableKey: 'public' },
    })
  })

  it('reports every wrong value at once, so that one deployment mends all', () => {
    const problems = problemsOf({ VITE_ENABLE_WEBSOCKET: 'no', VITE_WS_URL: 'http://x', VITE_APP_ENV: 7, VITE_TYPO: '1', VITE_SUPABASE_URL: 'https://x.example' })
    expect(problems.join('\n')).toMatch(/VITE_TYPO is not a known name/)
    expect(problems.join('\n')).toMatch(/VITE_WS_URL must be .*ws:\/\/ or wss:\/\/, got "http:\/\/x"/)
    expect(problems.join('\n')).toMatch(/VITE_ENABLE_WEBSOCKET must be true or false, got "no"/)
    expect(problems.join('\n')).toMatch(/VITE_APP_ENV must be text, got 7/)
    expect(problems.join('\n')).toMatch(/must be set together/)
    expect(problems).toHaveLength(5)
  })

  it.each(['VITE_GEMINI_API_KEY', 'VITE_ALPHA_VANTAGE_API_KEY', 'VITE_TWELVE_DATA_API_KEY'])('refuses %s, which would be public', (name) => {
    expect(problemsOf({ [name]: 'k' })[0]).toMatch(/public in every browser/)
  })

  it.each([[null], [[]], ['text'], [3]])('refuses %j as a whole', (raw) => {
    expect(problemsOf(raw)).toHaveLength(1)
  })

  it('says which answer it got instead of a configuration', async () => {
    const server = new ScriptedServer()
    server.answer = () => problem(404)
    await expect(loadConfig()).rejects.toMatchObject({ problems: [['status', '/config.json', 404]] })
    server.answer = () => new Response('<html>')
    await expect(loadConfig()).rejects.toMatchObject({ problems: [['json', '/config.json']] })
    server.answer = () => json({ VITE_APP_ENV: 'production' })
    await expect(loadConfig()).resolves.toMatchObject({ appEnv: 'production' })
  })
})
