/** The state of a live connection in the words of the pages. */

import type { ConnectionSnapshot, ConnectionState, FollowStatus } from '@milepost/client/live';

/** - `connecting`: an attempt is under way. - `error`: refused, until somebody tries again. */
export type PageConnection = 'connected' | 'connecting' | 'disconnected' | 'error';

const SHOWN: Record<ConnectionState, PageConnection> = {
  live: 'connected',
  opening: 'connecting',
  greeting: 'connecting',
  waiting: 'disconnected',
  idle: 'disconnected',
  closed: 'disconnected',
  refused: 'error',
};

export function pageConnection({ state }: ConnectionSnapshot): PageConnection {
  return SHOWN[state];
}

/** That of one thing: a connection over which it has not come yet is still connecting. */
export function thingConnection(connection: ConnectionSnapshot, status: FollowStatus): PageConnection {
  const shown = pageConnection(connection);
  return shown === 'connected' && (status === 'loading' || status === 'stale') ? 'connecting' : shown;
}

/** Whether the server took the credential from this page: it is time to sign in again. */
export function isSessionOver({ state, error }: ConnectionSnapshot): boolean {
  return state === 'refused' && error?.code === 'token';
}
