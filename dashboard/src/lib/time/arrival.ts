/** Times of arrival and of the last fix as text. */

/** With an older fix there is no estimate. */
export const FRESH_FOR_MS = 90_000;

export interface Estimate {
  seconds: number;
  low: number | null;
  high: number | null;
}

/** `about 5 min (3–8)`, `about 1 h 20 min`. */
export function arrivalText({ seconds, low, high }: Estimate): string {
  const about = `about ${durationText(Math.max(1, Math.round(seconds / 60)))}`;
  if (low === null || high === null) return about;
  const from = Math.max(1, Math.floor(low / 60));
  const to = Math.max(1, Math.ceil(high / 60));
  if (from === to) return about;
  return to < 60 ? `${about} (${from}–${to})` : `${about} (${durationText(from)} – ${durationText(to)})`;
}

function durationText(minutes: number): string {
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

/** `Last seen 3 min ago`, or null while the last fix is fresh. */
export function lastSeenText(atMs: number, nowMs: number): string | null {
  const ageMs = nowMs - atMs;
  if (ageMs <= FRESH_FOR_MS) return null;
  const minutes = Math.floor(ageMs / 60_000);
  if (minutes < 60) return `Last seen ${Math.max(1, minutes)} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `Last seen ${hours} h ago` : `Last seen ${Math.floor(hours / 24)} days ago`;
}
