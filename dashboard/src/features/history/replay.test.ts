import { expect, it } from 'vitest';
import { momentOf, SPEEDS } from './replay';

it('takes_86_seconds_for_a_day_at_the_highest_speed', () => {
  const speed = Math.max(...SPEEDS);
  expect(momentOf({ atMs: 0, startedMs: 500, speed }, 86_400 + 500)).toBe(86_400_000);
});
