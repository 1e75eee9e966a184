/** Opens a session: the server sets its cookie. */

import { request, withJson } from '../../../lib/api/request';
import { askPasskey, type PasskeyQuestion } from '../../../lib/passkeys';

/** A login that waits for one of these second factors. */
export interface WaitingLogin {
  challenge: string;
  second_factor: string[];
}

/** Returns a login that waits for a second factor, or null when the session is open. */
export async function logIn(username: string, password: string): Promise<WaitingLogin | null> {
  const response = await request('/auth/login', withJson('POST', { username, password }));
  if (response.status !== 202) return null;
  return (await response.json()) as WaitingLogin;
}

/** Opens the session of a login that waits for a code. */
export async function answerChallenge(challenge: string, code: string): Promise<void> {
  await request('/auth/login/totp', withJson('POST', { challenge, code }));
}

/** Opens the session of a login that waits for a passkey. A wrong answer ends the login. */
export async function answerWithPasskey(challenge: string): Promise<void> {
  const begun = await request('/auth/login/passkey/begin', withJson('POST', { challenge }));
  const credential = await askPasskey((await begun.json()) as PasskeyQuestion);
  await request('/auth/login/passkey', withJson('POST', { challenge, credential }));
}
