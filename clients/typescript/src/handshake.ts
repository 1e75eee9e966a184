/** Finds out why a handshake failed. A browser reports close code 1006 without a reason; an HTTP request beside it says more. */

import { presentToken, requestAddress, type TokenSource } from './address.js';
import { TrackingError } from './errors.js';
import type { Platform } from './platform.js';

/** The credentials that the socket would use. */
export interface Credentials {
  serverUrl: string | undefined;
  token: TokenSource;
  /** True if the dialect refuses the handshake of an unknown user. Other dialects close the socket with a code. */
  needsUser: boolean;
}

/**
 * A `refused` error when the socket needs a user and the credentials are not valid; a `handshake` error when the server answers
 * requests but refuses the socket; null when it can't be reached or is starting or stopping.
 */
export async function explainHandshake(
  { fetch }: Pick<Platform, 'fetch'>,
  { serverUrl, token, needsUser }: Credentials,
): Promise<TrackingError | null> {
  if (!fetch) return null;
  const address = requestAddress(serverUrl, '/auth/me');
  const bearer = presentToken(token);
  const headers: Record<string, string> = bearer === null ? {} : { Authorization: `Bearer ${bearer}` };
  try {
    const { status } = await fetch(address, { credentials: 'include', headers });
    if (status === 401 && needsUser) {
      return new TrackingError('refused', 'the session has ended, or the token is not valid');
    }
    return status === 200 || status === 401 ? new TrackingError('handshake', REFUSED) : null;
  } catch {
    if (!isForeign(address)) return null;
    // Either nothing answered, or this page may not read the answer.
    const health = requestAddress(serverUrl, '/health');
    const isThere = await fetch(health, { mode: 'no-cors' }).then(
      () => true,
      () => false,
    );
    return isThere ? new TrackingError('handshake', FOREIGN_ORIGIN) : null;
  }
}

function isForeign(address: string): boolean {
  return typeof location !== 'undefined' && new URL(address).origin !== location.origin;
}

const REFUSED =
  'the server answers, but refused the socket: nothing to follow for this user, too many connections, or a page of an origin that is not in its ALLOWED_ORIGINS';
const FOREIGN_ORIGIN =
  "the server answers, but takes nothing from this page's origin: add it to the server's ALLOWED_ORIGINS";
