/** Where every vehicle was at a past moment: its last position before it. */

import { queryOptions } from '@tanstack/react-query';
import { listPositions } from '../../../lib/api/list-positions';
import type { TrackPoint } from '../../../lib/track';

/** Most vehicles report at least this often; only the others are looked for further back. */
const NEAR_MS = 180_000;
/** A vehicle that was silent for longer had no known place. */
const FAR_MS = 3_600_000;
/** Requests at a time. */
const AT_ONCE = 6;

export const fleetThenQuery = (ids: readonly string[], atMs: number, onProgress: (count: number) => void) =>
  queryOptions({
    queryKey: ['fleet-then', atMs, ids.length],
    // The past seldom changes.
    staleTime: 300_000,
    queryFn: async ({ signal }) => {
      const places = new Map<string, TrackPoint>();
      const left = [...ids];
      let read = 0;
      const work = async () => {
        for (let id = left.shift(); id !== undefined; id = left.shift()) {
          const place = await lastBefore(id, atMs, signal);
          if (place) places.set(id, place);
          read += 1;
          onProgress(read);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      return places;
    },
  });

async function lastBefore(id: string, atMs: number, signal: AbortSignal): Promise<TrackPoint | undefined> {
  for (const [from, to] of [
    [atMs - NEAR_MS, atMs + 1],
    [atMs - FAR_MS, atMs - NEAR_MS],
  ] as const) {
    const { points } = await listPositions(id, from, to, () => undefined, signal);
    const last = points.at(-1);
    if (last) return last;
  }
  return undefined;
}
