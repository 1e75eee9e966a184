/** The signed-in user. */

import { queryOptions } from '@tanstack/react-query';
import { presentText } from '../strings/strings';
import { ApiError, request } from './request';

export interface Me {
  id: number;
  username: string;
  role: string;
  tenant: string;
  /** For cadets: the cadet whose records it may see. */
  cadetId: number | null;
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
  const { id, username, role, tenant, cadet_id } = Object(value) as Record<string, unknown>;
  if (typeof id !== 'number' || typeof username !== 'string' || typeof tenant !== 'string') {
    throw new ApiError(0, presentText().login.unreadable);
  }
  const cadetId = typeof cadet_id === 'number' ? cadet_id : null;
  return { id, username, role: typeof role === 'string' ? role : '', tenant, cadetId };
}
