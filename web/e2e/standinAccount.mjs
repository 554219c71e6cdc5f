// What a sign-in service and the API's stored lists answer, for one made-up user: the shapes of Supabase Auth and of
// `/api/v1/watchlists`.
import { randomUUID } from 'node:crypto'

export const USER = { email: 'asha@example.org', password: 'a-made-up-password' }
const IDENTITY = { id: '8d5e1f52-0000-4000-8000-000000000001', aud: 'authenticated', role: 'authenticated', email: USER.email, app_metadata: {}, user_metadata: {} }

export class StandinAccount {
  /** The lists kept for the user. */
  watchlists = []
  /** Tokens that are good now. */
  tokens = new Set()

  /** Answers the path, or returns false when it is not about an account. */
  async answer(path, request, response) {
    if (path.startsWith('/auth/v1/')) return this.auth(path.slice('/auth/v1/'.length), request, response)
    if (path.startsWith('/api/v1/watchlists')) return this.lists(path.split('/')[4], request, response)
    return false
  }

  async auth(route, request, response) {
    if (route === 'token') {
      const { email, password } = await bodyOf(request)
      if (email !== USER.email || password !== USER.password) return reply(response, 400, { code: 'invalid_credentials', message: 'Invalid login credentials' })
      return reply(response, 200, this.session())
    }
    const token = bearerOf(request)
    if (!this.tokens.has(token)) return reply(response, 401, { code: 'bad_jwt', message: 'invalid JWT' })
    if (route === 'user') return reply(response, 200, IDENTITY)
    this.tokens.delete(token) // logout
    return reply(response, 204)
  }

  session() {
    const expires = Math.floor(Date.now() / 1000) + 3600
    const token = [{ alg: 'none' }, { sub: IDENTITY.id, exp: expires, nonce: randomUUID() }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') + '.c2lnbmVk'
    this.tokens.add(token)
    return { access_token: token, token_type: 'bearer', expires_in: 3600, expires_at: expires, refresh_token: randomUUID(), user: IDENTITY }
  }

  async lists(id, request, response) {
    if (!this.tokens.has(bearerOf(request))) return reply(response, 401, { title: 'not signed in', status: 401 })
    if (request.method === 'GET') return reply(response, 200, { watchlists: this.watchlists })
    const given = await bodyOf(request)
    if (request.method === 'POST') {
      const made = { id: randomUUID(), ...given }
      this.watchlists.push(made)
      return reply(response, 201, made)
    }
    const held = this.watchlists.find((list) => list.id === id)
    return held ? reply(response, 200, Object.assign(held, given)) : reply(response, 404, { title: 'no such list', status: 404 })
  }
}

const bearerOf = (request) => request.headers.authorization?.replace('Bearer ', '')

async function bodyOf(request) {
  let text = ''
  for await (const part of request) text += part
  return JSON.parse(text)
}

function reply(response, status, body) {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(body && JSON.stringify(body))
  return true
}
