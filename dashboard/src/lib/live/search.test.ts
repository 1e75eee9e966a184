import { describe, expect, it } from 'vitest';
import { statusGroup, statusText } from '../status';
import type { LiveVehicle } from './fleet';
import { searchVehicles, sortVehicles } from './search';

const vehicle = (id: string, label: string, change: Partial<LiveVehicle> = {}): LiveVehicle => ({
  id,
  kind: 'bus',
  label,
  plate: '',
  route: '',
  status: 'active',
  driverId: null,
  offDutyMs: null,
  speedLimitKmh: null,
  rhythmMs: null,
  fix: { latitude: 0, longitude: 0, speedKmh: 0, headingDeg: null, atMs: 0 },
  ...change,
});

describe('the list of vehicles', () => {
  it('sorts_numbers_by_value_and_puts_silent_buses_last', () => {
    const found = sortVehicles([vehicle('a', 'Bus 10'), vehicle('b', 'Bus 1', { fix: null }), vehicle('c', 'Bus 2')]);
    expect(found.map((each) => each.label)).toEqual(['Bus 2', 'Bus 10', 'Bus 1']);
  });

  it('finds_by_label_plate_route_and_id_ignoring_case_and_accents', () => {
    const vehicles = [
      vehicle('a1', 'École Sud', { plate: 'WB 01-AB 1234', route: '12 North' }),
      vehicle('zz', 'Other'),
    ];
    for (const query of ['ecole', 'wb01ab', '12 nor', 'A1', 'sud 1234']) {
      expect(searchVehicles(vehicles, query).map((each) => each.id)).toEqual(['a1']);
    }
    expect(searchVehicles(vehicles, 'ecole other')).toEqual([]);
  });

  it('groups_the_operators_words', () => {
    expect(['on_route', 'Idle', 'delayed', 'out of service', 'breakdown', 'whatever'].map(statusGroup)).toEqual([
      'service',
      'waiting',
      'late',
      'out',
      'alarm',
      'service',
    ]);
    expect([statusText('on_route'), statusText('')]).toEqual(['On route', 'Unknown']);
  });
});
