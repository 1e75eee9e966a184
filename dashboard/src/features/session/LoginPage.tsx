/** Asks for username and password, and for a code or a passkey where one is due, and shows why they were refused. */

import { useQuery } from '@tanstack/react-query';
import { type FormEvent, Fragment, useRef, useState } from 'react';
import { Brand } from '../../components/Brand';
import { ApiError } from '../../lib/api/request';
import { hasPasskeys } from '../../lib/passkeys';
import { type Text, useText } from '../../lib/strings/strings';
import { providersQuery } from './api/list-providers';
import type { WaitingLogin } from './api/log-in';

interface Props {
  notice: string | null;
  /** What the user will see after signing in. */
  lead: string;
  /** Returns the login that waits, if a second factor is due. */
  onSignIn: (username: string, password: string) => Promise<WaitingLogin | null>;
  onCode: (challenge: string, code: string) => Promise<void>;
  onPasskey: (challenge: string) => Promise<void>;
}

export function LoginPage({ notice, lead, onSignIn, onCode, onPasskey }: Props) {
  const t = useText();
  const [error, setError] = useState<string | null>(notice);
  const [isBusy, setIsBusy] = useState(false);
  const [waiting, setWaiting] = useState<WaitingLogin | null>(null);
  const refused = useRef<HTMLInputElement>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setIsBusy(true);
    setError(null);
    try {
      if (waiting === null) {
        setWaiting(await onSignIn(String(form.get('username')), String(form.get('password'))));
        setIsBusy(false);
      } else {
        await onCode(waiting.challenge, String(form.get('code')));
      }
    } catch (failure) {
      setError(waiting === null ? refusalText(failure, t) : codeRefusalText(failure, t));
      setIsBusy(false);
      refused.current?.select();
    }
  }

  async function showPasskey({ challenge }: WaitingLogin) {
    setIsBusy(true);
    setError(null);
    try {
      await onPasskey(challenge);
    } catch (failure) {
      // The server ends the login after a wrong answer. Without one, because somebody cancelled, it waits.
      if (failure instanceof ApiError) setWaiting(null);
      setError(failure instanceof ApiError ? refusalText(failure, t, t.login.wrongPasskey) : t.login.noPasskey);
      setIsBusy(false);
    }
  }

  return (
    <main className="login">
      <div className="login-road" aria-hidden="true" />
      <form className="login-card" onSubmit={(event) => void submit(event)}>
        <Brand />
        <h1>{t.login.title}</h1>
        <p className="login-lead">{lead}</p>
        {/* Keys: a new field must not take over what was typed into an old one, such as the password. */}
        {waiting === null ? (
          <Fragment key="password">
            <label>
              {t.login.username}
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
              {t.login.password}
              <input ref={refused} name="password" type="password" autoComplete="current-password" required />
            </label>
          </Fragment>
        ) : (
          <Fragment key="factor">
            {waiting.second_factor.includes('passkey') && hasPasskeys() ? (
              <button type="button" disabled={isBusy} onClick={() => void showPasskey(waiting)}>
                {t.login.passkey}
              </button>
            ) : null}
            <label>
              {waiting.second_factor.includes('totp') ? t.login.code : t.login.recoveryCode}
              {/* biome-ignore lint/a11y/noAutofocus: the page is this form alone */}
              <input ref={refused} name="code" autoComplete="one-time-code" spellCheck={false} required autoFocus />
            </label>
          </Fragment>
        )}
        <p className="login-error" role="alert">
          {error}
        </p>
        <button type="submit" disabled={isBusy}>
          {isBusy ? t.login.busy : t.login.submit}
        </button>
        {waiting === null ? <Providers /> : null}
      </form>
    </main>
  );
}

/** Other places at which people may sign in. They come back to the page that they wanted. */
function Providers() {
  const t = useText();
  const { data: providers } = useQuery(providersQuery);
  if (!providers || providers.length === 0) return null;
  const wanted = window.location.pathname === '/login' ? '/' : window.location.pathname + window.location.search;
  return (
    <div className="login-providers">
      <span aria-hidden="true">{t.login.or}</span>
      {providers.map(({ id, name, start_url }) => (
        <a key={id} className="login-provider" href={`${start_url}?${new URLSearchParams({ return_to: wanted })}`}>
          {t.login.at(name)}
        </a>
      ))}
    </div>
  );
}

function codeRefusalText(failure: unknown, t: Text): string {
  return failure instanceof ApiError && failure.status === 401 ? t.login.wrongCode : refusalText(failure, t);
}

function refusalText(failure: unknown, t: Text, mismatch = t.login.mismatch): string {
  if (!(failure instanceof ApiError)) return t.login.broken;
  if (failure.status === 429) {
    return failure.retryAfterSeconds === null ? t.login.tooMany : t.login.tooManyFor(failure.retryAfterSeconds);
  }
  // The server does not tell a name that several tenants have from a wrong password.
  if (failure.status === 401) return mismatch;
  return failure.message;
}
