/** Every vehicle of the tenant, with its last position. */

import type { components } from '@milepost/client/rest';
import { listAll } from '../../../lib/api/list-all';
import { ApiError, getJson } from '../../../lib/api/request';

export type Vehicle = components['schemas']['VehicleJson'];

const PAGE_SIZE = 500;
/** 100 pages of 500 vehicles; any further ones appear by the socket alone. */
const MAX_PAGES = 100;

/** Null when this user may not list vehicles. The list goes into the fleet, not into the cache of answers. */
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
