/** What became of the share of a link. The server counts the openings of its page. */

import type { components } from '@milepost/client/rest';
import { queryOptions } from '@tanstack/react-query';
import { ApiError, postJson } from '../../../lib/api/request';

export type OpenedShare = components['schemas']['OpenedShare'];

const TRIES = 1_000;
const RETRY_MS = 5_000;

/** Asked once, and again when the connection was refused: another question would count as another opening. */
export const shareQuery = (token: string) =>
  queryOptions({
    queryKey: ['share', token],
    queryFn: () => postJson('/api/v1/shares/open', {}, { token }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: (count, error) => isPassing(error) && count < TRIES,
    retryDelay: RETRY_MS,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });

/** The network or the server is away: other refusals do not pass by themselves. */
function isPassing(error: Error): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
}
