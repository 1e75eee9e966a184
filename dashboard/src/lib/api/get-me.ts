/** The signed-in user. */

import { queryOptions } from '@tanstack/react-query';
import { presentText } from '../strings/strings';
import { DEFAULT_OFFLINE_AFTER_MS } from '../time/freshness';
import { ApiError, request } from './request';

export interface Me {
  id: number;
  username: string;
  role: string;
  tenant: string;
  /** For cadets: the cadet whose records it may see. */
  cadetId: number | null;
  /** After this time without a sign of life a vehicle of the tenant is silent. */
  offlineAfterMs: number;
}

/** Null without a session. */
export async function getMe(): Promise<Me | null> {
  try {
    return meOf(await (await request('/auth/me')).json());
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: getMe,
  // Read once: the sockets and the other requests notice when a session ends.
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: Number.POSITIVE_INFINITY,
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
});

function meOf(value: unknown): Me {
  const { id, username, role, tenant, cadet_id, offline_after_s } = Object(value) as Record<string, unknown>;
  if (typeof id !== 'number' || typeof username !== 'string' || typeof tenant !== 'string') {
    throw new ApiError(0, presentText().login.unreadable);
  }
  const cadetId = typeof cadet_id === 'number' ? cadet_id : null;
  const offlineAfterMs = typeof offline_after_s === 'number' ? offline_after_s * 1_000 : DEFAULT_OFFLINE_AFTER_MS;
  return { id, username, role: typeof role === 'string' ? role : '', tenant, cadetId, offlineAfterMs };
}
