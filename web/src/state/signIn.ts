/** Loads sign-in where it is configured; a page without it fetches nothing of it. */
import type { Services } from './services'

export async function offerSignIn({ account, api, config, incidents, watchlist }: Services): Promise<void> {
  if (config.supabase === null) return
  const { Account } = await import('./account')
  const made = new Account(config.supabase, api, watchlist, incidents)
  account.set(made)
  await made.start()
}
