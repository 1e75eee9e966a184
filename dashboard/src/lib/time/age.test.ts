import { expect, it } from 'vitest';
import { ageText, isStale, STALE_AFTER_MS } from './age';

it('gives_ages_in_the_unit_that_fits', () => {
  expect([0, 5_000, 61_000, 3_600_000, 86_400_000 * 3].map((ageMs) => ageText(0, ageMs))).toEqual([
    'now',
    '5 s ago',
    '1 min ago',
    '1 h ago',
    '3 days ago',
  ]);
  expect(ageText(10_000, 0)).toBe('now');
  expect([isStale(0, STALE_AFTER_MS), isStale(0, STALE_AFTER_MS + 1)]).toEqual([false, true]);
});
