/** Adds and removes the caller's own passkeys. */

import { request, withJson } from '../../../lib/api/request';
import { makePasskey, type PasskeyQuestion } from '../../../lib/passkeys';

/** Returns the recovery codes of the first second factor. The password is needed beside another one. */
export async function addPasskey(name: string, password: string | undefined): Promise<string[] | undefined> {
  const begun = await request('/auth/passkeys/begin', withJson('POST', { password }));
  const question = (await begun.json()) as PasskeyQuestion;
  const credential = await makePasskey(question);
  const added = await request('/auth/passkeys', withJson('POST', { challenge: question.challenge, name, credential }));
  return ((await added.json()) as { recovery_codes?: string[] }).recovery_codes;
}

/** Without a password after a fresh login. */
export const removePasskey = (id: number, password?: string) =>
  request(`/auth/passkeys/${id}`, withJson('DELETE', { password }));
