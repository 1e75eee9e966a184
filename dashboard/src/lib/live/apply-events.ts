/** Brings the tenant's events into the query cache: what they change is read again, soon and not too often. */

import type { EventFrame } from '@milepost/client';
import type { QueryClient } from '@tanstack/react-query';
import { alertsQuery } from '../api/list-alerts';
import type { LiveClient } from './live-client';

/** A first event is followed by a reading at once, many in a row by one in so long a time. */
const AT_MOST_EVERY_MS = 2_000;

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
  const readAgain = () => {
    timer = null;
    if (waiting.size === 0) return;
    for (const key of waiting) void queries.invalidateQueries({ queryKey: [key] });
    waiting.clear();
    timer = setTimeout(readAgain, AT_MOST_EVERY_MS);
  };
  const stop = live.onEvent((event: EventFrame | null) => {
    if (event) applyAlert(event, queries);
    for (const key of event ? (STALE_BY[event.type] ?? []) : ALL) waiting.add(key);
    // The timer runs while the last reading is younger than that.
    timer ??= setTimeout(readAgain, 0);
  });
  return () => {
    stop();
    if (timer !== null) clearTimeout(timer);
  };
}

/** What another user has read or deleted is shown so at once, before it is read again. */
function applyAlert({ type, data }: EventFrame, queries: QueryClient): void {
  if (type !== 'alert_read' && type !== 'alert_deleted') return;
  const { alert_id: id } = data;
  queries.setQueryData(alertsQuery.queryKey, (known) => {
    if (!known) return known;
    const pages = known.pages.map((page) => ({
      ...page,
      items:
        type === 'alert_deleted'
          ? page.items.filter((alert) => alert.id !== id)
          : page.items.map((alert) => (alert.id === id ? { ...alert, read: true } : alert)),
    }));
    return { ...known, pages };
  });
}
