/** A trip with its whole path. */

import { queryOptions } from '@tanstack/react-query';
import { pointOf } from '../../../lib/api/list-positions';
import { getJson } from '../../../lib/api/request';

/** 50 pages of 1,000 positions; a longer path is shown up to there. */
const MAX_PAGES = 50;

export const tripQuery = (id: string) =>
  queryOptions({
    queryKey: ['trip', id],
    queryFn: async () => {
      const trip = await getJson('/api/v1/trips/{id}', { path: { id } });
      const points = (trip.path ?? []).map(pointOf);
      let cursor = trip.path_next ?? null;
      for (let page = 0; cursor && page < MAX_PAGES; page++) {
        const more = await getJson('/api/v1/trips/{id}/path', { path: { id }, query: { cursor, limit: 1_000 } });
        points.push(...more.items.map(pointOf));
        cursor = more.next;
      }
      return { trip, points };
    },
  });
