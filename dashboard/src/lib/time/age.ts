/** The age of an update as text. */

import type { Text } from '../strings/strings';

export function ageText(atMs: number, nowMs: number, t: Pick<Text, 'age'>): string {
  const seconds = Math.max(0, Math.floor((nowMs - atMs) / 1_000));
  if (seconds < 2) return t.age.now;
  if (seconds < 60) return t.age.seconds(seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t.age.minutes(minutes);
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? t.age.hours(hours) : t.age.days(Math.floor(hours / 24));
}
