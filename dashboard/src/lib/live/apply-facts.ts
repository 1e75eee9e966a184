/** Brings the tenant's facts into the query cache: what they change is read again, soon and not too often. */

import type { QueryClient } from '@tanstack/react-query';
import { alertsQuery } from '../api/list-alerts';
import type { LiveClient, LiveFact } from './live-client';

/** A first fact is followed by a reading at once, many in a row by one in so long a time. */
const AT_MOST_EVERY_MS = 2_000;

/** Which queries a fact makes old, by the first part of their key. */
const STALE_BY: Record<string, readonly string[]> = {
  'alert.raised': ['alerts'],
  'alert.read': ['alerts'],
  'alert.deleted': ['alerts'],
  'trip.changed': ['trips', 'trip'],
  'trip.progressed': ['trips', 'trip'],
  dashboard: ['dashboard'],
  'grade.updated': ['cadets', 'cadet', 'grades'],
  'attendance.updated': ['cadets', 'cadet', 'attendance'],
  'scores.updated': ['cadets', 'cadet'],
  'notification.sent': ['notifications'],
  'notification.read': ['notifications'],
  'message.sent': ['messages'],
  'message.read': ['messages'],
};
/** After a lost connection. Long days of positions don't change, and are not read again. */
const ALL = [
  ...new Set(Object.values(STALE_BY).flat()),
  ...['vehicles', 'devices', 'users', 'webhooks', 'fences', 'parcels', 'delivery-counts', 'tenant-use', 'rules'],
];

/** Returns a function that stops it. */
export function applyFacts(live: Pick<LiveClient, 'onFact'>, queries: QueryClient): () => void {
  const waiting = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const readAgain = () => {
    timer = null;
    if (waiting.size === 0) return;
    for (const key of waiting) void queries.invalidateQueries({ queryKey: [key] });
    waiting.clear();
    timer = setTimeout(readAgain, AT_MOST_EVERY_MS);
  };
  const stop = live.onFact((fact: LiveFact | null) => {
    if (fact) applyAlert(fact, queries);
    for (const key of fact ? (STALE_BY[fact.type] ?? []) : ALL) waiting.add(key);
    // The timer runs while the last reading is younger than that.
    timer ??= setTimeout(readAgain, 0);
  });
  return () => {
    stop();
    if (timer !== null) clearTimeout(timer);
  };
}

/** What another user has read or deleted is shown so at once, before it is read again. */
function applyAlert({ type, data }: LiveFact, queries: QueryClient): void {
  if (type !== 'alert.read' && type !== 'alert.deleted') return;
  const { id } = data as { id: string };
  queries.setQueryData(alertsQuery.queryKey, (known) => {
    if (!known) return known;
    const pages = known.pages.map((page) => ({
      ...page,
      items:
        type === 'alert.deleted'
          ? page.items.filter((alert) => alert.id !== id)
          : page.items.map((alert) => (alert.id === id ? { ...alert, read: true } : alert)),
    }));
    return { ...known, pages };
  });
}
