/** Times of arrival and of the last fix as text. */

import type { Text } from '../strings/strings';
import { ageText } from './age';

/** With an older fix there is no estimate. */
export const FRESH_FOR_MS = 90_000;

export interface Estimate {
  seconds: number;
  low: number | null;
  high: number | null;
}

/** `about 5 min (3–8)`, `about 1 h 20 min`. */
export function arrivalText({ seconds, low, high }: Estimate, t: Pick<Text, 'arrival'>): string {
  const about = t.arrival.about(durationText(Math.max(1, Math.round(seconds / 60)), t));
  if (low === null || high === null) return about;
  const from = Math.max(1, Math.floor(low / 60));
  const to = Math.max(1, Math.ceil(high / 60));
  if (from === to) return about;
  return to < 60 ? `${about} (${from}–${to})` : `${about} (${durationText(from, t)} – ${durationText(to, t)})`;
}

function durationText(minutes: number, t: Pick<Text, 'arrival'>): string {
  if (minutes < 60) return t.arrival.minutes(minutes);
  const rest = minutes % 60;
  const hours = t.arrival.hours(Math.floor(minutes / 60));
  return rest === 0 ? hours : `${hours} ${t.arrival.minutes(rest)}`;
}

/** Whether the last fix is too old for an estimate. */
export function isOld(atMs: number, nowMs: number): boolean {
  return nowMs - atMs > FRESH_FOR_MS;
}

/** `Last seen 3 min ago`, or null while the last fix is fresh. */
export function lastSeenText(atMs: number, nowMs: number, t: Pick<Text, 'arrival' | 'age'>): string | null {
  return isOld(atMs, nowMs) ? t.arrival.lastSeen(ageText(atMs, nowMs, t)) : null;
}
