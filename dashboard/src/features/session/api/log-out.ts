/** Ends the session. */

import { request } from '../../../lib/api/request';

export async function logOut(): Promise<void> {
  await request('/auth/logout', { method: 'POST' });
}
