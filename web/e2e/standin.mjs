// A small scripted stack for page tests: serves dist/, REST and a socket that speak services/contract. Prices are made up here.
// `node e2e/standin.mjs` runs it on PORT (default 4173) for looking at the page by hand.
import { createServer } from 'node:http'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import { history, Market, NAMES, SYMBOLS } from './market.mjs'

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist')

/** The policy that the edge sends, word for word. */
const edge = readFileSync(join(dist, '../../services/images/edge/nginx.conf'), 'utf8')
const POLICY = /Content-Security-Policy "(.+?)"/.exec(edge)[1].replace('@CONNECT_SOURCES@', '')

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2', '.json': 'application/json', '.txt': 'text/plain; charset=utf-8',
}

export class Standin {
  constructor({ port = 0, config = {}, kind = 'simulated', updatesPerSecond = 1, symbols = SYMBOLS.slice(0, 10), movingOnly = false } = {}) {
    this.port = port
    this.config = { VITE_APP_ENV: 'test', RELEASE: 'standin', ...config }
    this.market = new Market(kind, symbols)
    if (movingOnly) this.market.moving = symbols
    this.published = 0
    this.defaults = symbols
    this.updatesPerSecond = updatesPerSecond
    this.requests = []
    this.faults = { rest: false, sockets: false }
    this.insights = false
    this.account = null // a StandinAccount, where a test signs in
    this.clients = new Map()
    this.server = createServer((request, response) => this.answer(request, response))
    this.sockets = new WebSocketServer({ noServer: true })
    this.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head))
  }

  async start() {
    await new Promise((resolve) => this.server.listen(this.port, '127.0.0.1', resolve))
    this.port = this.server.address().port
    this.timer = setInterval(() => this.tick(), 20)
    return `http://127.0.0.1:${this.port}`
  }

  async stop() {
    clearInterval(this.timer)
    for (const client of this.clients.keys()) client.terminate()
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  /** Ends every socket and refuses new ones until `sockets(true)`. */
  allowSockets(allowed) {
    this.faults.sockets = !allowed
    if (!allowed) for (const client of this.clients.keys()) client.terminate()
  }

  /** Sends one message to every socket, for example a status. */
  broadcast(message) {
    const text = JSON.stringify({ timestamp: new Date().toISOString(), ...message })
    for (const client of this.clients.keys()) client.send(text)
  }

  // ---- prices

  tick() {
    if (this.paused || this.updatesPerSecond === 0) return
    const due = this.market.due(this.updatesPerSecond)
    for (const update of due) this.publish(update)
  }

  publish(update) {
    const text = JSON.stringify(update)
    this.published += 1
    for (const [client, watched] of this.clients) if (watched.has(update.symbol)) client.send(text)
  }

  // ---- the socket

  upgrade(request, socket, head) {
    if (request.url !== '/ws' || this.faults.sockets) return socket.destroy()
    this.sockets.handleUpgrade(request, socket, head, (client) => {
      const watched = new Set()
      this.clients.set(client, watched)
      client.on('close', () => this.clients.delete(client))
      client.on('error', () => client.terminate())
      client.on('message', (data) => this.take(client, watched, JSON.parse(String(data))))
      const timestamp = new Date().toISOString()
      client.send(JSON.stringify({ type: 'connected', message: 'Connected to Stock Tracker WebSocket', clientId: `standin-${Math.random()}`, timestamp, protocol: 1, node: 'standin', release: 'standin' }))
      if (this.onConnect) this.onConnect(client)
    })
  }

  take(client, watched, message) {
    const timestamp = new Date().toISOString()
    if (message.action === 'ping') return client.send(JSON.stringify({ type: 'pong', id: message.id ?? null, timestamp }))
    const asked = Array.isArray(message.symbols) ? message.symbols : Object.keys(message.symbols ?? {})
    const held = asked.filter((symbol) => this.market.has(symbol))
    const rejected = asked.filter((symbol) => !this.market.has(symbol)).map((symbol) => ({ symbol, code: 'unknown_symbol', text: 'not an instrument of this source' }))
    for (const symbol of held) message.action === 'unsubscribe' ? watched.delete(symbol) : watched.add(symbol)
    const type = message.action === 'unsubscribe' ? 'unsubscribed' : 'subscribed'
    client.send(JSON.stringify({ type, symbols: held, rejected, current: watched.size, limit: 500 }))
    if (type === 'subscribed') {
      const recovered = message.action === 'resync' ? true : null
      client.send(JSON.stringify({ type: 'snapshot', quotes: held.map((symbol) => this.market.latest(symbol)), recovered }))
    }
  }

  // ---- REST and files

  async answer(request, response) {
    const url = new URL(request.url, 'http://standin')
    this.requests.push(`${request.method} ${url.pathname}${url.search}`)
    if (url.pathname === '/config.json') return this.json(request, response, this.config)
    if (await this.account?.answer(url.pathname, request, response)) return undefined
    if (url.pathname.startsWith('/api/')) return this.rest(url, request, response)
    this.file(url.pathname, response)
  }

  rest(url, request, response) {
    if (this.faults.rest) return this.problem(response, 503, 'The source is away.')
    const path = url.pathname.replace('/api/v1', '')
    const asked = url.searchParams.get('symbols')?.split(',') ?? this.defaults
    if (path === '/quotes') {
      const quotes = asked.filter((symbol) => this.market.has(symbol)).map((symbol) => this.market.latest(symbol))
      return this.json(request, response, { quotes, missing: asked.filter((symbol) => !this.market.has(symbol)) })
    }
    if (path === '/indices') return this.json(request, response, { indices: this.market.indices() })
    if (path === '/market/status') return this.json(request, response, this.marketStatus())
    if (path === '/status') return this.json(request, response, { status: 'ready', keys: { gemini: this.insights ? 'set' : 'missing' } })
    if (path === '/symbols') return this.json(request, response, { symbols: this.find(url.searchParams.get('query') ?? '') })
    const [, route, encoded] = path.split('/')
    const symbol = decodeURIComponent(encoded ?? '')
    if (route === 'history' && this.market.has(symbol)) {
      return this.json(request, response, { bars: history(this.market.quotes.get(symbol), url.searchParams.get('interval')) })
    }
    if (route === 'insights' && this.insights) return this.json(request, response, { text: `${symbol} moved with its sector today.` })
    this.problem(response, 404, `No such route: ${url.pathname}`)
  }

  marketStatus() {
    const now = new Date().toISOString()
    return { exchange: 'NSE', session: this.market.session, status: this.market.kind, source: this.market.kind, marketTime: now, nextOpen: this.nextOpen ?? null, timestamp: now }
  }

  find(text) {
    const wanted = text.toUpperCase()
    return [...this.market.quotes.keys()]
      .map((symbol) => ({ symbol, name: NAMES[symbol] ?? '' }))
      .filter(({ symbol, name }) => symbol.includes(wanted) || name.toUpperCase().includes(wanted))
  }

  json(request, response, body) {
    const text = JSON.stringify(body)
    const etag = `"${createHash('sha256').update(text).digest('hex').slice(0, 16)}"`
    const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache', ETag: etag }
    if (request.headers['if-none-match'] === etag) return response.writeHead(304, headers).end()
    response.writeHead(200, headers).end(text)
  }

  problem(response, status, detail) {
    response.writeHead(status, { 'Content-Type': 'application/problem+json' }).end(JSON.stringify({ type: 'about:blank', title: detail, status, detail }))
  }

  file(path, response) {
    const wanted = join(dist, normalize(path))
    const isAsset = path.startsWith('/assets/') || extname(path) !== ''
    const found = path !== '/' && existsSync(wanted) ? wanted : isAsset ? null : join(dist, 'index.html')
    if (!found) return response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found')
    response.writeHead(200, {
      'Content-Type': TYPES[extname(found)] ?? 'application/octet-stream',
      'Content-Security-Policy': POLICY,
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    }).end(readFileSync(found))
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const standin = new Standin({ port: Number(process.env.PORT ?? 4173), kind: process.env.KIND ?? 'simulated', config: { VITE_APP_ENV: 'development' } })
  console.log(`stand-in at ${await standin.start()}`)
}
