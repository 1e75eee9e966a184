import { describe, expect, it } from 'vitest';
import { freshnessOf, Rhythm } from './freshness';

describe('a vehicle', () => {
  it.each([
    [null, null, 0, 'never'],
    [0, null, 600_000, 'live'],
    [0, null, 600_001, 'stale'],
    [0, 3_600_000, 9_000_000, 'live'],
    [0, 3_600_000, 9_000_001, 'stale'],
    [0, 5_000, 600_001, 'stale'],
  ])('heard at %s every %s ms is at %i %s', (atMs, rhythmMs, nowMs, freshness) => {
    expect(freshnessOf({ atMs, rhythmMs }, nowMs, 600_000)).toBe(freshness);
  });
});

describe('the usual time between reports', () => {
  it('is not known after the first', () => {
    const rhythm = new Rhythm();
    rhythm.hear(1_000);
    expect(rhythm.usualMs).toBeNull();
  });

  it('is the median, so that one gap changes nothing', () => {
    const rhythm = new Rhythm();
    for (const atMs of [0, 5_000, 10_000, 100_000, 105_000, 110_000, 104_000]) rhythm.hear(atMs);
    expect(rhythm.usualMs).toBe(5_000);
  });
});
