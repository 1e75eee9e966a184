/** The newest alerts that the caller may see. */

import type { components } from '@milepost/client/rest';
import { infiniteQueryOptions } from '@tanstack/react-query';
import { getJson } from './request';

export type Alert = components['schemas']['Alert'];

const PAGE_SIZE = 500;

export const alertsQuery = infiniteQueryOptions({
  queryKey: ['alerts'],
  queryFn: ({ pageParam }) =>
    getJson('/api/v1/alerts', { query: { limit: PAGE_SIZE, ...(pageParam ? { cursor: pageParam } : {}) } }),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next }) => next,
  // The socket tells of changes; this catches what a lost connection hid.
  refetchInterval: 120_000,
});
