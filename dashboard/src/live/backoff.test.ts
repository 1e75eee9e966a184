import { describe, expect, it } from 'vitest';
import { advisedDelayMs, BACKOFF_CAP_MS, backoffDelayMs } from './backoff';

describe('backoff', () => {
  it('doubles_its_ceiling_with_every_attempt', () => {
    const ceilings = [0, 1, 2, 3].map((attempt) => backoffDelayMs(attempt, () => 1));
    expect(ceilings).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  it('never_waits_longer_than_the_cap', () => {
    expect(backoffDelayMs(500, () => 1)).toBe(BACKOFF_CAP_MS);
  });

  it('spreads_over_the_whole_range_down_to_zero', () => {
    expect(backoffDelayMs(3, () => 0)).toBe(0);
    expect(backoffDelayMs(3, () => 0.5)).toBe(4_000);
  });

  it('reads_the_servers_advice_from_a_close_reason', () => {
    expect(advisedDelayMs('server restarting; reconnect in 2.5 s')).toBe(2_500);
    expect(advisedDelayMs('reconnect in 300 ms')).toBe(300);
    expect(advisedDelayMs('reconnect in 9999 s')).toBe(BACKOFF_CAP_MS);
    expect(advisedDelayMs('going away')).toBeNull();
  });
});
