/** Finds out why a handshake failed. A browser reports close code 1006 without a reason; an HTTP request beside it says more. */

import { presentToken, requestAddress, type TokenSource } from './address.js';
import { TrackingError } from './errors.js';
import { type Platform, platformOf } from './platform.js';

export interface HandshakeOptions {
  serverUrl?: string | undefined;
  token?: TokenSource;
  platform?: Partial<Platform>;
}

/**
 * A `refused` error when `needsUser` is set and the server knows no user; a `handshake` error when the server answers requests
 * but takes no socket from here; null when it can't be reached or is starting or stopping.
 */
export async function explainHandshake(options: HandshakeOptions, needsUser: boolean): Promise<TrackingError | null> {
  const { fetch } = platformOf(options.platform);
  if (!fetch) return null;
  const token = presentToken(options.token);
  try {
    const headers: Record<string, string> = token === null ? {} : { Authorization: `Bearer ${token}` };
    const { status } = await fetch(requestAddress(options.serverUrl, '/auth/me'), { credentials: 'include', headers });
    if (status === 401 && needsUser)
      return new TrackingError('refused', 'the session has ended, or the token is not valid');
    return status === 200 || status === 401 ? new TrackingError('handshake', REFUSED) : null;
  } catch {
    // Either nothing answered, or the page may not read the answer.
    const answers = await fetch(requestAddress(options.serverUrl, '/health'), { mode: 'no-cors' }).catch(() => null);
    return answers && new TrackingError('handshake', FOREIGN_ORIGIN);
  }
}

const REFUSED =
  'the server answers, but refused the socket: nothing to follow for this user, too many connections, or a page of an origin that is not in its ALLOWED_ORIGINS';
const FOREIGN_ORIGIN =
  "the server answers, but takes nothing from this page's origin: add it to the server's ALLOWED_ORIGINS";
