/** Every vehicle of the tenant, with its last position. */

import type { components } from '@milepost/client/rest';
import { listAll } from './list-all';
import { ApiError, getJson } from './request';

export type Vehicle = components['schemas']['Vehicle'];

const PAGE_SIZE = 500;
/** 100 pages of 500 vehicles. Further ones appear when the socket sends them. */
const MAX_PAGES = 100;

/** Null when this user may not list vehicles. The result is kept in the fleet, not in the query cache. */
export async function listVehicles(onPage?: (vehicles: Vehicle[]) => void): Promise<Vehicle[] | null> {
  try {
    return await listAll(
      MAX_PAGES,
      (position) => getJson('/api/v1/vehicles', { query: { limit: PAGE_SIZE, ...position } }),
      onPage,
    );
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return null;
    throw error;
  }
}

/** The ids of vehicles in a part of the map, at most so many. */
export async function listIdsWithin(box: readonly number[], limit: number): Promise<string[]> {
  const { items } = await getJson('/api/v1/vehicles', { query: { within: box.join(','), limit } });
  return items.map(({ id }) => id);
}
