/** Trips of a time, newest first. */

import type { components } from '@milepost/client/rest';
import { queryOptions } from '@tanstack/react-query';
import { listAll } from './list-all';
import { getJson } from './request';

export type Trip = components['schemas']['Trip'];

export interface TripFilter {
  fromMs: number;
  toMs: number;
  vehicleId?: string | undefined;
  status?: Trip['status'] | undefined;
}

const PAGE_SIZE = 500;
/** 5,000 trips: more than a fleet of 500 drives in a day. */
const MAX_PAGES = 10;

export const tripsQuery = ({ fromMs, toMs, vehicleId, status }: TripFilter) =>
  queryOptions({
    queryKey: ['trips', fromMs, toMs, vehicleId ?? '', status ?? ''],
    queryFn: () =>
      listAll(MAX_PAGES, (position) =>
        getJson('/api/v1/trips', {
          query: {
            limit: PAGE_SIZE,
            from: new Date(fromMs).toISOString(),
            to: new Date(toMs).toISOString(),
            ...(vehicleId ? { vehicle_id: vehicleId } : {}),
            ...(status ? { status } : {}),
            ...position,
          },
        }),
      ),
  });
