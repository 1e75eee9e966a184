import type { Vehicle } from '@milepost/client/live';
import { describe, expect, it } from 'vitest';
import { Fleet } from './fleet';

const vehicle = (change: Partial<Vehicle> = {}): Vehicle => ({
  id: 'b1',
  kind: 'bus',
  label: 'Bus 1',
  license_plate: 'WB01AB1234',
  route: '7',
  status: 'on_route',
  driver_id: null,
  place: { lat: 22.5726, lon: 88.3639, speed: 45.5, heading: 90, t: 1_000 },
  ...change,
});
const at = (lat: number, lon: number, t: number, more: object = {}) => ({ place: { lat, lon, t, ...more } });

describe('fleet', () => {
  it('has_what_came_last_because_the_server_knows_which_position_is_the_newest', () => {
    const fleet = new Fleet();
    fleet.apply(vehicle(at(2, 0, 2_000)));
    fleet.apply(vehicle(at(1, 0, 1_000)));
    expect(fleet.get('b1')?.fix).toMatchObject({ latitude: 1, atMs: 1_000 });
  });

  it('names_a_vehicle_by_its_label_or_else_its_plate_or_else_its_id', () => {
    const fleet = new Fleet();
    fleet.apply(vehicle({ label: '' }));
    expect(fleet.get('b1')?.label).toBe('WB01AB1234');
    fleet.apply(vehicle({ label: '', license_plate: null }));
    expect(fleet.get('b1')?.label).toBe('b1');
  });

  it('is_sorted_again_only_when_a_vehicle_comes_goes_is_renamed_or_reports_first', () => {
    const fleet = new Fleet();
    const versions = [
      () => fleet.apply(vehicle({ place: null })),
      () => fleet.apply(vehicle()),
      () => fleet.apply(vehicle(at(3, 3, 2_000))),
      () => fleet.apply(vehicle({ ...at(4, 3, 3_000), status: 'idle' })),
      () => fleet.apply(vehicle({ label: 'Bus 2' })),
      () => fleet.remove('b1'),
      () => fleet.remove('b1'),
    ].map((change) => {
      change();
      return fleet.rosterVersion;
    });
    expect(versions).toEqual([1, 2, 2, 2, 3, 4, 4]);
    expect(fleet.all()).toEqual([]);
  });

  it('derives_an_unknown_heading_from_the_movement_and_keeps_it_while_the_bus_stands', () => {
    const fleet = new Fleet();
    fleet.apply(vehicle(at(0, 0, 1_000)));
    expect(fleet.get('b1')?.fix?.headingDeg).toBeNull();
    fleet.apply(vehicle(at(0, 0.01, 2_000)));
    expect(fleet.get('b1')?.fix?.headingDeg).toBeCloseTo(90);
    fleet.apply(vehicle(at(0, 0.01, 3_000, { speed: 0 })));
    expect(fleet.get('b1')?.fix?.headingDeg).toBeCloseTo(90);
    fleet.apply(vehicle(at(0, 0.02, 4_000, { heading: 0 })));
    expect(fleet.get('b1')?.fix?.headingDeg).toBe(0);
  });

  it('keeps_a_speed_limit_that_rest_alone_has', () => {
    const fleet = new Fleet();
    fleet.setLimits([{ id: 'b1', speed_limit_kmh: 50 } as Parameters<Fleet['setLimits']>[0][number]]);
    fleet.apply(vehicle());
    expect(fleet.get('b1')?.speedLimitKmh).toBe(50);
    fleet.setLimits([]);
    expect(fleet.get('b1')?.speedLimitKmh).toBeNull();
  });
});
