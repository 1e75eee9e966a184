/** How long to wait before the next attempt to connect: exponential backoff with full jitter. */

export const BACKOFF_BASE_MS = 500;
export const BACKOFF_CAP_MS = 30_000;
/** The longest time over which a server spreads its clients (`MILEPOST_DRAIN_WINDOW`). */
export const ADVICE_CAP_MS = 3_600_000;

/** A random delay from zero to `base × 2^attempt`, up to the cap, so that many clients reconnect spread out. */
export function backoffDelayMs(attempt: number, random: () => number): number {
  const ceilingMs = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(attempt, 30));
  return Math.round(random() * ceilingMs);
}

/** The delay that the server advises in a close reason such as `restarting; reconnect in 2.5s`, up to an hour; null without advice. */
export function advisedDelayMs(reason: string): number | null {
  const match = /reconnect in (\d+(?:\.\d+)?)\s*(ms|s)\b/i.exec(reason);
  if (!match) return null;
  const unitMs = match[2]?.toLowerCase() === 'ms' ? 1 : 1_000;
  // Not the cap of the backoff: all who are told to come later would come at once then.
  return Math.min(ADVICE_CAP_MS, Math.round(Number(match[1]) * unitMs));
}
