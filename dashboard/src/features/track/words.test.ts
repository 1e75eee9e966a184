import type { Delivery } from '@milepost/client/live';
import { describe, expect, it } from 'vitest';
import { en } from '../../lib/strings/en';
import { arrivalOf } from './words';

const NOW_MS = 1_000_000_000;
const delivery: Delivery = {
  id: 'TRK-1',
  order_id: 'ORD-7',
  status: 'IN_TRANSIT',
  dropoff: { lat: 0, lng: 0 },
  place: { lat: 0, lng: 1, t: NOW_MS - 10_000 },
  eta_seconds: 600,
  eta: null,
  updated_at: 0,
  expires_at: 0,
};
const eta = { seconds: 300, low: 180, high: 480, basis: 'speed' as const, stale: false };

describe('the arrival of a delivery', () => {
  it.each([
    ['the better estimate', { eta }, 'about 5 min (3–8)'],
    ['else the straight line', {}, 'about 10 min'],
    [
      'nothing when the server calls it stale',
      { eta: { seconds: null, low: null, high: null, basis: null, stale: true } },
      null,
    ],
    ['nothing when the fix is old', { eta, place: { lat: 0, lng: 1, t: NOW_MS - 91_000 } }, null],
    ['nothing before the first fix', { place: null }, null],
    ['nothing once delivered', { status: 'DELIVERED' as const }, null],
  ])('is %s', (_, change, text) => expect(arrivalOf({ ...delivery, ...change }, NOW_MS, en)).toBe(text));
});
