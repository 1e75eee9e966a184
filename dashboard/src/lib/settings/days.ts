/** The beginning and the end of a day in a time zone, also of days with 23 or 25 hours. */

/** When the clocks of the zone show 00:00 of this day, `2026-11-30`; where that hour is left out, when the day begins. */
export function dayStartMs(day: string, timeZone: string): number {
  const asUtc = Date.parse(`${day}T00:00:00Z`);
  let atMs = asUtc - offsetMs(asUtc, timeZone);
  // The offset may be another one at the moment found.
  atMs = asUtc - offsetMs(atMs, timeZone);
  return atMs;
}

export function nextDay(day: string): string {
  return addDays(day, 1);
}

export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}

/** From when until before when the day lasts. */
export function dayBounds(day: string, timeZone: string): { fromMs: number; toMs: number } {
  return { fromMs: dayStartMs(day, timeZone), toMs: dayStartMs(nextDay(day), timeZone) };
}

/** How far the zone's clocks are ahead of UTC. */
function offsetMs(atMs: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(atMs);
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value ?? 0);
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return shown - Math.floor(atMs / 1_000) * 1_000;
}
