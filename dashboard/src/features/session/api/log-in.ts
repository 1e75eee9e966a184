/** Opens a session: the server sets its cookie. */

import { request, withJson } from '../../../lib/api/request';

/** Returns the challenge of a login that waits for a code, or null when the session is open. */
export async function logIn(username: string, password: string): Promise<string | null> {
  const response = await request('/auth/login', withJson('POST', { username, password }));
  if (response.status !== 202) return null;
  const { challenge } = (await response.json()) as { challenge: string };
  return challenge;
}

/** Opens the session of a login that waits for a code. */
export async function answerChallenge(challenge: string, code: string): Promise<void> {
  await request('/auth/login/totp', withJson('POST', { challenge, code }));
}
