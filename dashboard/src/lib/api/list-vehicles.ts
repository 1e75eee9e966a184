/** Every vehicle of the tenant, with its last position. */

import type { components } from '@milepost/client/rest';
import { listAll } from './list-all';
import { ApiError, getJson } from './request';

export type Vehicle = components['schemas']['Vehicle'];

const PAGE_SIZE = 500;
/** 100 pages of 500 vehicles. Further ones appear when the socket sends them. */
const MAX_PAGES = 100;

/** Null when this user may not list vehicles. The result is kept in the fleet, not in the query cache. */
export async function listVehicles(): Promise<Vehicle[] | null> {
  try {
    return await listAll(MAX_PAGES, (position) =>
      getJson('/api/v1/vehicles', { query: { limit: PAGE_SIZE, ...position } }),
    );
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return null;
    throw error;
  }
}
