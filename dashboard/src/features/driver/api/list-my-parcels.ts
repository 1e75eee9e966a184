/** The driver's active parcels. */

import { queryOptions } from '@tanstack/react-query';
import { listAll } from '../../../lib/api/list-all';
import { getJson } from '../../../lib/api/request';
import { hasEnded } from '../../../lib/parcels';

/** 20 pages of 100 parcels; a driver finds any further ones by their number. */
const PAGE_SIZE = 100;
const MAX_PAGES = 20;
const REFRESH_EVERY_MS = 60_000;

async function listMyParcels(driverId: number) {
  const parcels = await listAll(MAX_PAGES, (position) =>
    getJson('/api/v1/parcels', { query: { limit: PAGE_SIZE, ...position } }),
  );
  return parcels.filter(({ driver_id, status }) => driver_id === driverId && !hasEnded(status));
}

export const myParcelsQuery = (driverId: number) =>
  queryOptions({
    queryKey: ['my-parcels', driverId],
    queryFn: () => listMyParcels(driverId),
    refetchInterval: REFRESH_EVERY_MS,
    refetchIntervalInBackground: true, // a driver's page shares positions in the background too
  });
