/** Brings the tenant's events into the query cache: what they change is read again, soon and not too often. */

import type { EventFrame } from '@milepost/client';
import type { QueryClient } from '@tanstack/react-query';
import type { LiveClient } from './live-client';

/** Many events in a row cause one reading. */
const SOON_MS = 400;

/** Which queries an event makes old, by the first part of their key. */
const STALE_BY: Record<string, readonly string[]> = {
  alert: ['alerts'],
  alert_read: ['alerts'],
  alert_deleted: ['alerts'],
  trip_update: ['trips', 'trip'],
  fleet_dashboard_update: ['dashboard'],
  grade_update: ['cadets', 'cadet', 'grades'],
  attendance_update: ['cadets', 'cadet', 'attendance'],
  exam_score_update: ['cadets', 'cadet'],
  notification: ['notifications'],
  notification_read: ['notifications'],
  message: ['messages'],
  message_read: ['messages'],
};
const ALL = [...new Set(Object.values(STALE_BY).flat())];

/** Returns a function that stops it. */
export function applyEvents(live: Pick<LiveClient, 'onEvent'>, queries: QueryClient): () => void {
  const waiting = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const stop = live.onEvent((event: EventFrame | null) => {
    for (const key of event ? (STALE_BY[event.type] ?? []) : ALL) waiting.add(key);
    if (waiting.size === 0) return;
    timer ??= setTimeout(() => {
      timer = null;
      for (const key of waiting) void queries.invalidateQueries({ queryKey: [key] });
      waiting.clear();
    }, SOON_MS);
  });
  return () => {
    stop();
    if (timer !== null) clearTimeout(timer);
  };
}
