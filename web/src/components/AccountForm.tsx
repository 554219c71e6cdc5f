/** Signs in and out. Shown only where sign-in is configured. */
import { useState, type SyntheticEvent } from 'react'
import type { Account } from '../state/account'
import { useValue } from '../state/useQuotes'

export default function AccountForm({ account }: { readonly account: Account }) {
  const { email } = useValue(account.state)
  return (
    <section className="account" aria-labelledby="account-title">
      <h3 id="account-title">Account</h3>
      {email === null ? <SignIn account={account} /> : (
        <p>{email}: your list is kept in your account. <button type="button" className="button" onClick={() => void account.signOut()}>Sign out</button></p>
      )}
    </section>
  )
}

function SignIn({ account }: { readonly account: Account }) {
  const [problem, setProblem] = useState('')
  const submit = async (event: SyntheticEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    const { email, password } = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>
    try {
      await account.signIn(email ?? '', password ?? '')
    } catch (error) {
      setProblem(error instanceof Error ? error.message : 'Sign-in failed.')
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <input type="email" name="email" aria-label="E-mail" placeholder="E-mail" autoComplete="username" required />
      <input type="password" name="password" aria-label="Password" placeholder="Password" autoComplete="current-password" required />
      <button type="submit" className="button">Sign in</button>
      {problem && <p role="alert">{problem}</p>}
    </form>
  )
}
