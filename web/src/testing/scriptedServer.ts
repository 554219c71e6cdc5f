/** A socket server and a REST server that do what a test says, put in the place of the browser's own. */
import { vi } from 'vitest'
import type { ClientMessage, ServerMessage } from '../contract/messages'

export class ScriptedSocket {
  readonly sent: ClientMessage[] = []
  readyState = 0
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  /** How the page closed it; null while it has not. */
  closedByPage: { code: number | undefined } | null = null

  constructor(readonly url: string) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage)
  }

  close(code?: number): void {
    this.readyState = 3
    this.closedByPage = { code }
  }

  // ---- the server's side

  greet(): void {
    this.readyState = 1
    this.tell({ type: 'connected', clientId: 'c1', timestamp: new Date().toISOString(), protocol: 1, node: 'n1', release: 'r1' })
  }

  tell(...messages: ServerMessage[]): void {
    for (const message of messages) this.tellRaw(JSON.stringify(message))
  }

  tellRaw(data: unknown): void {
    this.onmessage?.({ data })
  }

  drop(code = 1006, reason = ''): void {
    this.readyState = 3
    this.onclose?.({ code, reason })
  }

  /** What the page asked for with one action, newest last. */
  asked<A extends ClientMessage['action']>(action: A): Extract<ClientMessage, { action: A }>[] {
    return this.sent.filter((message): message is Extract<ClientMessage, { action: A }> => message.action === action)
  }
}

export class ScriptedServer {
  readonly sockets: ScriptedSocket[] = []
  readonly requests: { path: string; init: RequestInit }[] = []
  /** Answers a request; by default nothing exists. */
  answer: (path: string, init: RequestInit) => Response | Promise<Response> = () => problem(404)

  constructor() {
    const sockets = this.sockets
    class Stub extends ScriptedSocket {
      static readonly OPEN = 1
      constructor(url: string) {
        super(url)
        sockets.push(this)
      }
    }
    vi.stubGlobal('WebSocket', Stub)
    vi.stubGlobal('fetch', async (path: string, init: RequestInit = {}) => {
      this.requests.push({ path, init })
      return this.answer(path, init)
    })
  }

  get newest(): ScriptedSocket {
    const socket = this.sockets.at(-1)
    if (!socket) throw new Error('no socket was opened')
    return socket
  }

  /** Requests whose path begins so. */
  to(path: string): { path: string; init: RequestInit }[] {
    return this.requests.filter((request) => request.path.startsWith(path))
  }
}

export function json(body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status: 200, headers: { 'Content-Type': 'application/json', ...headers } })
}

export function problem(status: number, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ title: `refused with ${status}`, status }), { status, headers })
}
