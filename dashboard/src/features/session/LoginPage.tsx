/** Asks for username and password, and for a code where one is due, and shows why they were refused. */

import { type FormEvent, useRef, useState } from 'react';
import { Brand } from '../../components/Brand';
import { ApiError } from '../../lib/api/request';

interface Props {
  notice: string | null;
  /** What the user will see after signing in. */
  lead?: string;
  /** Returns a challenge if a code is due. */
  onSignIn: (username: string, password: string) => Promise<string | null>;
  onCode: (challenge: string, code: string) => Promise<void>;
}

export function LoginPage({ notice, lead = 'See where every bus is, as it moves.', onSignIn, onCode }: Props) {
  const [error, setError] = useState<string | null>(notice);
  const [isBusy, setIsBusy] = useState(false);
  const [challenge, setChallenge] = useState<string | null>(null);
  const refused = useRef<HTMLInputElement>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setIsBusy(true);
    setError(null);
    try {
      if (challenge === null) {
        setChallenge(await onSignIn(String(form.get('username')), String(form.get('password'))));
        setIsBusy(false);
      } else {
        await onCode(challenge, String(form.get('code')));
      }
    } catch (failure) {
      setError(challenge === null ? refusalText(failure) : codeRefusalText(failure));
      setIsBusy(false);
      refused.current?.select();
    }
  }

  return (
    <main className="login">
      <div className="login-road" aria-hidden="true" />
      <form className="login-card" onSubmit={(event) => void submit(event)}>
        <Brand />
        <h1>Sign in</h1>
        <p className="login-lead">{lead}</p>
        {challenge === null ? (
          <>
            <label>
              Username
              <input
                name="username"
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                required
                // biome-ignore lint/a11y/noAutofocus: the page is this form alone
                autoFocus
              />
            </label>
            <label>
              Password
              <input ref={refused} name="password" type="password" autoComplete="current-password" required />
            </label>
          </>
        ) : (
          <label>
            Code of your authenticator app, or a recovery code
            {/* biome-ignore lint/a11y/noAutofocus: the page is this form alone */}
            <input ref={refused} name="code" autoComplete="one-time-code" spellCheck={false} required autoFocus />
          </label>
        )}
        <p className="login-error" role="alert">
          {error}
        </p>
        <button type="submit" disabled={isBusy}>
          {isBusy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}

function codeRefusalText(failure: unknown): string {
  return failure instanceof ApiError && failure.status === 401
    ? 'That code is wrong or was used before. Wait for the next one, or reload the page to begin again.'
    : refusalText(failure);
}

function refusalText(failure: unknown): string {
  if (!(failure instanceof ApiError)) return 'Something went wrong on this page. Reload it and try again.';
  if (failure.status === 429) {
    return failure.retryAfterSeconds === null
      ? 'Too many attempts. Wait a little and try again.'
      : `Too many attempts. Try again in ${failure.retryAfterSeconds} s.`;
  }
  // The server does not tell a name that several tenants have from a wrong password.
  if (failure.status === 401) {
    return 'That username and password don’t match. If several organisations use this server, put yours first: acme/ann.';
  }
  return failure.message;
}
