/** Fixes that a page of an older version kept in `localStorage`: they go into the queue once, and are gone from there. */

import type { Queue } from '@milepost/client/live/queue';

export function takeOldFixes(key: string, queue: Pick<Queue, 'report'>): void {
  let kept: unknown;
  try {
    kept = JSON.parse(localStorage.getItem(key) ?? '[]');
    localStorage.removeItem(key);
  } catch {
    return; // forbidden, or no list
  }
  for (const one of Array.isArray(kept) ? kept : []) {
    const { lat, lng, timestamp } = Object(one) as Record<string, unknown>;
    if (typeof lat === 'number' && typeof lng === 'number' && typeof timestamp === 'string')
      void queue.report({ latitude: lat, longitude: lng, timestamp });
  }
}
