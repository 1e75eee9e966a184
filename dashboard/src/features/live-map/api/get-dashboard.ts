/** The fleet's figures of the last 24 hours, and of the 24 hours before. */

import { queryOptions } from '@tanstack/react-query';
import { getJson } from '../../../lib/api/request';

const DAY_MS = 86_400_000;

export const dashboardQuery = queryOptions({
  queryKey: ['dashboard'],
  refetchInterval: 60_000,
  queryFn: async () => {
    const nowMs = Date.now();
    const before = { from: new Date(nowMs - 2 * DAY_MS).toISOString(), to: new Date(nowMs - DAY_MS).toISOString() };
    const [now, last] = await Promise.all([
      getJson('/api/v1/dashboard', {}),
      getJson('/api/v1/dashboard', { query: before }),
    ]);
    return { now, before: last };
  },
});
