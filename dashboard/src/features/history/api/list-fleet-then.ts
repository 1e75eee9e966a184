/** Where every vehicle was at a past moment: its last position before it. */

import { queryOptions } from '@tanstack/react-query';
import { pointOf } from '../../../lib/api/list-positions';
import { getJson } from '../../../lib/api/request';
import type { TrackPoint } from '../../../lib/track';

/** A vehicle that was silent for longer had no known place. */
const MAX_AGE_S = 3_600;
const PAGE_SIZE = 1_000;

/** `onProgress` is called with the number of places read so far. */
export const fleetThenQuery = (atMs: number, onProgress: (count: number) => void) =>
  queryOptions({
    queryKey: ['fleet-then', atMs],
    // The past seldom changes.
    staleTime: 300_000,
    queryFn: async ({ signal }) => {
      const places = new Map<string, TrackPoint>();
      let cursor: string | null = null;
      do {
        signal.throwIfAborted();
        const page: { items: (Parameters<typeof pointOf>[0] & { vehicle_id: string })[]; next: string | null } =
          await getJson('/api/v1/positions', {
            query: {
              at: new Date(atMs).toISOString(),
              max_age: MAX_AGE_S,
              limit: PAGE_SIZE,
              ...(cursor ? { cursor } : {}),
            },
          });
        for (const item of page.items) places.set(item.vehicle_id, pointOf(item));
        cursor = page.next;
        onProgress(places.size);
      } while (cursor);
      return places;
    },
  });
