/** The positions of a vehicle on a day, and how many have been read so far. */

import { queryOptions } from '@tanstack/react-query';
import { listPositions } from '../../../lib/api/list-positions';

export const progressQuery = queryOptions({
  queryKey: ['positions-read'],
  queryFn: () => 0,
  enabled: false,
  initialData: 0,
});

export const positionsQuery = (vehicleId: string, day: string, fromMs: number, toMs: number) =>
  queryOptions({
    // Without the end: it is now, for today, and would be another one at each look.
    queryKey: ['positions', vehicleId, day],
    staleTime: 60_000,
    queryFn: ({ signal, client }) => {
      client.setQueryData(progressQuery.queryKey, 0);
      return listPositions(
        vehicleId,
        fromMs,
        toMs,
        (count) => client.setQueryData(progressQuery.queryKey, count),
        signal,
      );
    },
  });
