/** The tenant's parcels, and their changes. */

import type { components } from '@milepost/client/rest';
import { queryOptions } from '@tanstack/react-query';
import { listAll } from '../../../lib/api/list-all';
import { getJson, getVersioned, patchJson, postJson } from '../../../lib/api/request';

export type Parcel = components['schemas']['Parcel'];

const PAGE_SIZE = 500;
const MAX_PAGES = 10;
const REFRESH_EVERY_MS = 15_000;

export const parcelsQuery = queryOptions({
  queryKey: ['parcels'],
  queryFn: () =>
    listAll(MAX_PAGES, (position) => getJson('/api/v1/parcels', { query: { limit: PAGE_SIZE, ...position } })),
  // No socket tells of all parcels so far.
  refetchInterval: REFRESH_EVERY_MS,
});

export const addParcel = (parcel: components['schemas']['NewParcel']) => postJson('/api/v1/parcels', {}, parcel);

/** Reads the parcel first, so that the change applies to what the server has. */
export async function changeParcel(id: number, change: components['schemas']['ChangeParcel']): Promise<void> {
  const { etag } = await getVersioned('/api/v1/parcels/{id}', { path: { id } });
  await patchJson('/api/v1/parcels/{id}', { path: { id } }, change, etag);
}
