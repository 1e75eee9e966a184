/** The caller's own passkeys. */

import { queryOptions } from '@tanstack/react-query';
import { request, withJson } from '../../../lib/api/request';
import { makePasskey, type PasskeyQuestion } from '../../../lib/passkeys';

export interface Passkey {
  id: number;
  name: string;
  created_at: string;
  last_used_at: string | null;
}

interface Passkeys {
  items: Passkey[];
  /** Why none can be added. */
  unavailable: string | null;
}

export const passkeysQuery = queryOptions({
  queryKey: ['passkeys'],
  queryFn: async () => (await (await request('/auth/passkeys')).json()) as Passkeys,
});

/** Returns the recovery codes of the first second factor. The password is needed beside another one. */
export async function addPasskey(name: string, password: string | undefined): Promise<string[] | undefined> {
  const begun = await request('/auth/passkeys/begin', withJson('POST', { password }));
  const question = (await begun.json()) as PasskeyQuestion;
  const credential = await makePasskey(question);
  const added = await request('/auth/passkeys', withJson('POST', { challenge: question.challenge, name, credential }));
  return ((await added.json()) as { recovery_codes?: string[] }).recovery_codes;
}

export const removePasskey = (id: number, password: string) =>
  request(`/auth/passkeys/${id}`, withJson('DELETE', { password }));
