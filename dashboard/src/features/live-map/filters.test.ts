import { describe, expect, it } from 'vitest';
import type { LiveVehicle } from '../../lib/live/fleet';
import type { Freshness } from '../../lib/time/freshness';
import { filterVehicles, NO_FILTERS } from './filters';

const vehicle = (id: string, change: Partial<LiveVehicle> = {}, speedKmh = 0): LiveVehicle => ({
  id,
  kind: 'bus',
  label: id,
  plate: '',
  route: '',
  status: 'active',
  driverId: null,
  offDutyMs: null,
  speedLimitKmh: null,
  rhythmMs: null,
  fix: { latitude: 0, longitude: 0, speedKmh, headingDeg: null, atMs: 0 },
  ...change,
});

const FLEET = [
  vehicle('fast', { kind: 'truck' }, 95),
  vehicle('own limit', { speedLimitKmh: 50, route: '7' }, 60),
  vehicle('parked'),
  vehicle('silent', {}, 95),
  vehicle('new', { fix: null }),
];
const freshness = ({ id }: LiveVehicle): Freshness => (id === 'silent' ? 'stale' : id === 'new' ? 'never' : 'live');
const ids = (filters: Partial<typeof NO_FILTERS>) =>
  filterVehicles(FLEET, { ...NO_FILTERS, ...filters }, freshness, 80).map(({ id }) => id);

describe('the filters', () => {
  it('leave all without any', () => expect(ids({})).toHaveLength(5));

  it.each([
    ['moving', ['fast', 'own limit']],
    ['standing', ['parked']],
    ['stale', ['silent']],
    ['never', ['new']],
    ['speeding', ['fast', 'own limit']],
  ] as const)('%s finds %j', (condition, found) => expect(ids({ condition })).toEqual(found));

  it('hold together', () => {
    expect(ids({ kind: 'bus', route: '7', condition: 'moving' })).toEqual(['own limit']);
    expect(ids({ kind: 'truck', route: '7' })).toEqual([]);
  });
});
