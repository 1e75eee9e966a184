/**
 * The one rule that tells live from stale, as the server has it: a vehicle is silent when nothing was heard of it for
 * `offline_after_s`, or for 2.5 times its usual time between two reports if that is longer.
 */

export type Freshness = 'live' | 'stale' | 'never';

/** The server's default of `offline_after_s`, for viewers of a public link. */
export const DEFAULT_OFFLINE_AFTER_MS = 600_000;
const RHYTHMS = 2.5;

export interface Heard {
  /** The time of the last position; null before the first. */
  atMs: number | null;
  /** The usual time between two reports; null if it is not known. */
  rhythmMs: number | null;
}

export function freshnessOf({ atMs, rhythmMs }: Heard, nowMs: number, offlineAfterMs: number): Freshness {
  if (atMs === null) return 'never';
  return nowMs - atMs > staleAfterMs(rhythmMs, offlineAfterMs) ? 'stale' : 'live';
}

export function staleAfterMs(rhythmMs: number | null, offlineAfterMs: number): number {
  return Math.max(offlineAfterMs, RHYTHMS * (rhythmMs ?? 0));
}

/** The usual time between reports: the median of the last few. */
export class Rhythm {
  private readonly intervalsMs: number[] = [];
  private lastMs: number | null = null;

  hear(atMs: number): void {
    if (this.lastMs !== null && atMs > this.lastMs) {
      this.intervalsMs.push(atMs - this.lastMs);
      if (this.intervalsMs.length > KEPT) this.intervalsMs.shift();
    }
    if (this.lastMs === null || atMs > this.lastMs) this.lastMs = atMs;
  }

  get usualMs(): number | null {
    if (this.intervalsMs.length === 0) return null;
    const sorted = [...this.intervalsMs].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }
}

/** As many as the server uses. */
const KEPT = 5;
