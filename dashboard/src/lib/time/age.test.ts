import { expect, it } from 'vitest';
import { en } from '../strings/en';
import { ageText } from './age';

it('gives_ages_in_the_unit_that_fits', () => {
  expect([0, 5_000, 61_000, 3_600_000, 86_400_000 * 3].map((ageMs) => ageText(0, ageMs, en))).toEqual([
    'now',
    '5 s ago',
    '1 min ago',
    '1 h ago',
    '3 days ago',
  ]);
  expect(ageText(10_000, 0, en)).toBe('now');
});
