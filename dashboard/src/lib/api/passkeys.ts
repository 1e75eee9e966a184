/** The caller's passkeys, and a fresh login with one of them. */

import { queryOptions } from '@tanstack/react-query';
import { askPasskey, type PasskeyQuestion } from '../passkeys';
import { request, withJson } from './request';

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

/** Makes the session's login a fresh one: the authenticator asks for a PIN or a finger. */
export async function stepUpWithPasskey(): Promise<void> {
  const begun = await request('/auth/step-up/begin', { method: 'POST' });
  const question = (await begun.json()) as PasskeyQuestion;
  const credential = await askPasskey(question);
  await request('/auth/step-up', withJson('POST', { challenge: question.challenge, credential }));
}
