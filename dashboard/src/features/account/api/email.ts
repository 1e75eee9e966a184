/** The caller's own e-mail address. */

import { queryOptions } from '@tanstack/react-query';
import { getJson, request, withJson } from '../../../lib/api/request';

export const emailQuery = queryOptions({
  queryKey: ['own-email'],
  queryFn: () => getJson('/auth/email', {}),
});

/** Sends a link to the address. Another one than the present takes a fresh login, or the password. */
export const requestConfirmation = (email?: string, password?: string) =>
  request('/auth/email', withJson('POST', { email, password }));
