/** Sign-in by Supabase Auth, fetched only where it is configured; the user's list then lives in the account as well. */
import type { GoTrueClient, Session } from '@supabase/auth-js'
import type { SupabaseConfig } from '../config'
import type { StoredWatchlist, WatchlistsAnswer } from '../contract/rest'
import type { Api } from '../transport/api'
import type { Incidents } from './incidents'
import { Value } from './value'
import type { Watchlist } from './watchlist'

const PATH = '/api/v1/watchlists'
/** The one list that the page keeps in the account. */
const NAME = 'Watchlist'
const SAVE_AFTER_MS = 1_000

export interface AccountState {
  /** Null while nobody is signed in. */
  readonly email: string | null
}

export class Account {
  readonly state = new Value<AccountState>({ email: null })
  private client: GoTrueClient | null = null
  private session: Session | null = null
  private stored: StoredWatchlist | null = null
  private saveTimer: number | undefined

  constructor(
    private readonly config: SupabaseConfig,
    private readonly api: Api,
    private readonly watchlist: Watchlist,
    private readonly incidents: Incidents,
  ) {}

  /** The signed-in user's token for the API. */
  get token(): string | null {
    return this.session?.access_token ?? null
  }

  async start(): Promise<void> {
    const { GoTrueClient } = await import('@supabase/auth-js')
    const { url, publishableKey } = this.config
    this.client = new GoTrueClient({ url: `${url}/auth/v1`, headers: { apikey: publishableKey }, storageKey: 'account' })
    this.client.onAuthStateChange((_, session) => this.follow(session))
    this.watchlist.state.subscribe(() => this.saveSoon())
  }

  /** @throws Error with the words of the sign-in service. */
  async signIn(email: string, password: string): Promise<void> {
    const { error } = (await this.client?.signInWithPassword({ email, password })) ?? { error: new Error('Sign-in is still loading.') }
    if (error) throw error
  }

  async signOut(): Promise<void> {
    await this.client?.signOut()
  }

  private follow(session: Session | null): void {
    const before = this.session?.user.id
    this.session = session
    this.state.set({ email: session?.user.email ?? null })
    if (session === null) this.stored = null
    // Not within the callback: the library holds its lock until it returns.
    else if (session.user.id !== before) window.setTimeout(() => void this.load(), 0)
  }

  /** The account's list wins over the browser's; an account without one takes the browser's. */
  private async load(): Promise<void> {
    await this.orReport(async () => {
      const { watchlists } = await this.api.get<WatchlistsAnswer>(PATH)
      this.stored = watchlists.find(({ name }) => name === NAME) ?? null
      if (this.stored) this.watchlist.replace(this.stored.symbols)
      else await this.save()
    })
  }

  private saveSoon(): void {
    if (this.session === null) return
    window.clearTimeout(this.saveTimer)
    this.saveTimer = window.setTimeout(() => void this.orReport(() => this.save()), SAVE_AFTER_MS)
  }

  private async save(): Promise<void> {
    const { symbols } = this.watchlist.state.get()
    if (this.session === null || symbols.join() === this.stored?.symbols.join()) return
    const body = { name: NAME, symbols }
    const { body: saved } = this.stored
      ? await this.api.request<StoredWatchlist>(`${PATH}/${this.stored.id}`, { method: 'PUT', body })
      : await this.api.request<StoredWatchlist>(PATH, { method: 'POST', body })
    this.stored = saved
  }

  private async orReport(work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.incidents.resolve('account')
    } catch {
      this.incidents.report('account', 'Your list could not be kept in your account. It is kept in this browser.')
    }
  }
}
