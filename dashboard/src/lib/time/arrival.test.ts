import { describe, expect, it } from 'vitest';
import { en } from '../strings/en';
import { arrivalText, lastSeenText } from './arrival';

describe('the arrival in words', () => {
  it.each([
    [{ seconds: 300, low: 180, high: 480 }, 'about 5 min (3–8)'],
    [{ seconds: 300, low: null, high: null }, 'about 5 min'],
    [{ seconds: 20, low: 10, high: 40 }, 'about 1 min'],
    [{ seconds: 60, low: 60, high: 60 }, 'about 1 min'],
    [{ seconds: 4_800, low: 3_600, high: 6_000 }, 'about 1 h 20 min (1 h – 1 h 40 min)'],
  ])('%j is %s', (estimate, text) => expect(arrivalText(estimate, en)).toBe(text));
});

describe('the last sight in words', () => {
  it.each([
    [0, null],
    [90_000, null],
    [90_001, 'Last seen 1 min ago'],
    [200_000, 'Last seen 3 min ago'],
    [7_300_000, 'Last seen 2 h ago'],
    [3 * 86_400_000, 'Last seen 3 days ago'],
  ])('after %i ms is %s', (ageMs, text) => expect(lastSeenText(1_000, 1_000 + ageMs, en)).toBe(text));
});
