/** The deliveries under way, their figures, and one by its rider or its link. */

import type { components } from '@milepost/client/rest';
import { queryOptions } from '@tanstack/react-query';
import { listAll } from '../../../lib/api/list-all';
import { getJson } from '../../../lib/api/request';

export type ListedDelivery = components['schemas']['ListedDelivery'];

const REFRESH_EVERY_MS = 10_000;
const PAGE_SIZE = 500;
const MAX_PAGES = 4;

export const deliveriesQuery = queryOptions({
  queryKey: ['deliveries'],
  queryFn: () =>
    listAll(MAX_PAGES, (position) => getJson('/api/v1/deliveries', { query: { limit: PAGE_SIZE, ...position } })),
  refetchInterval: REFRESH_EVERY_MS,
});

export const deliveryCountsQuery = queryOptions({
  queryKey: ['delivery-counts'],
  queryFn: () => getJson('/stats/tracking', {}),
  refetchInterval: REFRESH_EVERY_MS,
});

/** A tracking id begins with `TRK-`; anything else is a rider's. */
export const findDelivery = (id: string) =>
  id.startsWith('TRK-')
    ? getJson('/tracking/{tracking_id}', { path: { tracking_id: id } })
    : getJson('/tracking/rider/{rider_id}', { path: { rider_id: id } });
