import type { Delivery } from '@milepost/client';
import { describe, expect, it } from 'vitest';
import { en } from '../../lib/strings/en';
import { arrivalOf } from './words';

const NOW_MS = 1_000_000_000;
const delivery: Delivery = {
  trackingId: 'TRK-1',
  orderId: null,
  riderId: null,
  status: 'IN_TRANSIT',
  dropoff: { lat: 0, lng: 0 },
  currentLocation: { lat: 0, lng: 1, atSeconds: NOW_MS / 1_000 - 10 },
  etaSeconds: 600,
  eta: null,
  updatedAtSeconds: 0,
  expiresAtSeconds: null,
};
const eta = { seconds: 300, low: 180, high: 480, basis: 'speed', stale: false };

describe('the arrival of a delivery', () => {
  it.each([
    ['the better estimate', { eta }, 'about 5 min (3–8)'],
    ['else the straight line', {}, 'about 10 min'],
    [
      'nothing when the server calls it stale',
      { eta: { seconds: null, low: null, high: null, basis: null, stale: true } },
      null,
    ],
    ['nothing when the fix is old', { eta, currentLocation: { lat: 0, lng: 1, atSeconds: NOW_MS / 1_000 - 91 } }, null],
    ['nothing before the first fix', { currentLocation: null }, null],
    ['nothing once delivered', { status: 'DELIVERED' as const }, null],
  ])('is %s', (_, change, text) => expect(arrivalOf({ ...delivery, ...change }, NOW_MS, en)).toBe(text));
});
