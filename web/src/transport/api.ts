/** REST reads and writes: three tries in all with backoff, Retry-After obeyed, one error type. Knows no React and no cache. */
import type { Problem } from '../contract/rest'
import { backoffDelayMs } from './backoff'

export const TRIES = 3
const BACKOFF = { baseMs: 300, capMs: 2_000 }
/** A longer Retry-After is not waited out in the background: the caller hears of it. */
const RETRY_AFTER_CAP_MS = 5_000
const TIMEOUT_MS = 8_000

export class ApiError extends Error {
  constructor(
    /** HTTP status, 0 when the server could not be reached. */
    readonly status: number,
    message: string,
    readonly retryAfterMs = 0,
  ) {
    super(message)
    this.name = 'ApiError'
  }

  /** Whether asking again may help; a refusal stays a refusal. */
  get transient(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || (this.status >= 500 && this.status !== 501)
  }
}

export interface Request {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly body?: unknown
  readonly etag?: string | undefined
  readonly signal?: AbortSignal
  readonly tries?: number
}

export interface Answer<T> {
  /** Null when the server said that nothing changed (304). */
  readonly body: T | null
  readonly etag: string | undefined
}

export class Api {
  constructor(
    private readonly baseUrl: string,
    private readonly token: () => string | null = () => null,
  ) {}

  /** @throws ApiError after the last try. */
  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    const { body } = await this.request<T>(path, signal ? { signal } : {})
    return body as T
  }

  /** @throws ApiError after the last try. */
  async request<T>(path: string, request: Request = {}): Promise<Answer<T>> {
    const tries = request.tries ?? TRIES
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.once<T>(path, request)
      } catch (error) {
        if (!(error instanceof ApiError) || !error.transient || attempt + 1 >= tries) throw error
        if (error.retryAfterMs > RETRY_AFTER_CAP_MS) throw error
        await pause(error.retryAfterMs || backoffDelayMs(BACKOFF, attempt), request.signal)
      }
    }
  }

  private async once<T>(path: string, request: Request): Promise<Answer<T>> {
    let response: Response
    try {
      response = await fetch(this.baseUrl + path, this.init(request))
    } catch (error) {
      if (request.signal?.aborted) throw error
      throw new ApiError(0, 'The server could not be reached.')
    }
    const etag = response.headers.get('ETag') ?? undefined
    if (response.status === 304) return { body: null, etag: etag ?? request.etag }
    if (!response.ok) throw await refusal(response)
    if (response.status === 204) return { body: null, etag }
    try {
      return { body: (await response.json()) as T, etag }
    } catch {
      throw new ApiError(0, 'The server answered with something that is not JSON.')
    }
  }

  private init(request: Request): RequestInit {
    const headers: Record<string, string> = { Accept: 'application/json' }
    const token = this.token()
    if (token) headers.Authorization = `Bearer ${token}`
    if (request.etag) headers['If-None-Match'] = request.etag
    if (request.body !== undefined) headers['Content-Type'] = 'application/json'
    const timeout = AbortSignal.timeout(TIMEOUT_MS)
    return {
      method: request.method ?? 'GET',
      headers,
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: request.signal ? AbortSignal.any([request.signal, timeout]) : timeout,
    }
  }
}

async function refusal(response: Response): Promise<ApiError> {
  let problem: Problem = {}
  try {
    problem = (await response.json()) as Problem
  } catch {
    // an answer of the edge itself carries no problem document
  }
  const text = problem.detail ?? problem.title ?? `The server answered with HTTP ${response.status}.`
  return new ApiError(response.status, text, retryAfterMs(response.headers.get('Retry-After')))
}

/** Seconds or an HTTP date, as RFC 9110 allows. */
function retryAfterMs(header: string | null): number {
  if (!header) return 0
  const seconds = Number(header)
  const waitMs = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1000
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : 0
}

function pause(waitMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, waitMs)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(new DOMException('aborted', 'AbortError'))
    })
  })
}
