/** Opens a session: the server sets its cookie. */

import { request, withJson } from '../../../lib/api/request';

export async function logIn(username: string, password: string): Promise<void> {
  await request('/auth/login', withJson('POST', { username, password }));
}
