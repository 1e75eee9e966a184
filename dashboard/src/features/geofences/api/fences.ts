/** The tenant's geofences, and their changes. */

import type { components } from '@milepost/client/rest';
import { queryOptions } from '@tanstack/react-query';
import { listAll } from '../../../lib/api/list-all';
import { deleteAt, getJson, getVersioned, patchJson, postJson } from '../../../lib/api/request';

export type Fence = components['schemas']['Geofence'];
export type NewFence = components['schemas']['NewGeofence'];
export type ChangeFence = components['schemas']['ChangeGeofence'];

const PAGE_SIZE = 500;
/** 10,000 geofences; more would cover the map. */
const MAX_PAGES = 20;

export const fencesQuery = queryOptions({
  queryKey: ['fences'],
  queryFn: () =>
    listAll(MAX_PAGES, (position) => getJson('/api/v1/geofences', { query: { limit: PAGE_SIZE, ...position } })),
});

export const getFence = (id: number) => getVersioned('/api/v1/geofences/{id}', { path: { id } });
export const addFence = (fence: NewFence) => postJson('/api/v1/geofences', {}, fence);
export const changeFence = (id: number, change: ChangeFence, etag: string | null) =>
  patchJson('/api/v1/geofences/{id}', { path: { id } }, change, etag);
export const removeFence = (id: number) => deleteAt('/api/v1/geofences/{id}', { path: { id } });
