/** The caller's own sessions and its second factor. */

import type { components } from '@milepost/client/rest';
import { queryOptions } from '@tanstack/react-query';
import { deleteAt, getJson, postJson, request, withJson } from '../../../lib/api/request';

export type LoginSession = components['schemas']['LoginSession'];
export type TotpSetup = components['schemas']['TotpSetup'];

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: async () => (await getJson('/auth/sessions', {})).items,
});

export const endSession = (id: string) => deleteAt('/auth/sessions/{id}', { path: { id } });
/** This one too. */
export const endAllSessions = () => request('/auth/logout/everywhere', { method: 'POST' });

export const beginTotp = () => postJson('/auth/totp', {}, undefined);
export const confirmTotp = (code: string) => postJson('/auth/totp/confirm', {}, { code });
/** Without a password after a fresh login. */
export const removeTotp = (password?: string) => request('/auth/totp', withJson('DELETE', { password }));
