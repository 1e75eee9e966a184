/** Figures of all deliveries, and one by its rider or its link. */

import { queryOptions } from '@tanstack/react-query';
import { getJson } from '../../../lib/api/request';

const REFRESH_EVERY_MS = 10_000;

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
