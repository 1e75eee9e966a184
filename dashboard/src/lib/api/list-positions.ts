/** The positions of a vehicle in a time, oldest first. */

import type { TrackPoint } from '../track';
import { getJson } from './request';

const PAGE_SIZE = 1_000;
/** A vehicle that reports every second of a day. */
export const MAX_POINTS = 86_400;

interface Raw {
  latitude: number;
  longitude: number;
  timestamp: string;
  speed: number | null;
  heading: number | null;
}

export function pointOf({ latitude, longitude, timestamp, speed, heading }: Raw): TrackPoint {
  return { atMs: Date.parse(timestamp), latitude, longitude, speedKmh: speed, headingDeg: heading };
}

export interface Positions {
  points: TrackPoint[];
  /** There are more than the page takes. */
  isCapped: boolean;
}

/** `onProgress` is called with the number of positions read so far. */
export async function listPositions(
  vehicleId: string,
  fromMs: number,
  toMs: number,
  onProgress: (count: number) => void,
  signal?: AbortSignal,
): Promise<Positions> {
  const points: TrackPoint[] = [];
  let cursor: string | null = null;
  do {
    if (signal?.aborted) throw signal.reason;
    const page: { items: Raw[]; next: string | null } = await getJson('/api/v1/vehicles/{id}/positions', {
      path: { id: vehicleId },
      query: {
        from: new Date(fromMs).toISOString(),
        to: new Date(toMs).toISOString(),
        limit: PAGE_SIZE,
        ...(cursor ? { cursor } : {}),
      },
    });
    for (const item of page.items) points.push(pointOf(item));
    cursor = page.next;
    onProgress(points.length);
  } while (cursor && points.length < MAX_POINTS);
  return { points, isCapped: cursor !== null };
}
