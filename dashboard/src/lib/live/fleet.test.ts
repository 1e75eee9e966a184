import type { BusLocation } from '@milepost/client';
import { describe, expect, it } from 'vitest';
import type { Vehicle } from '../api/list-vehicles';
import { Fleet } from './fleet';

const location = (change: Partial<BusLocation> = {}): BusLocation => ({
  busId: 'b1',
  licensePlate: 'WB01AB1234',
  latitude: 22.5726,
  longitude: 88.3639,
  speedKmh: 45.5,
  headingDeg: 90,
  status: 'on_route',
  timestamp: '2025-01-15T10:30:45.123Z',
  isReplayed: false,
  ...change,
});

const row = (change: Partial<Vehicle> = {}): Vehicle => ({
  id: 'b1',
  kind: 'bus',
  label: 'Bus 1',
  license_plate: 'WB01AB1234',
  route: '7',
  status: 'active',
  driver_id: null,
  fuel_l_per_100km: null,
  fuel_price_per_l: null,
  odometer_km: null,
  service_due_at: null,
  service_due_km: null,
  speed_limit_kmh: null,
  position: null,
  ...change,
});

describe('fleet', () => {
  it('keeps_the_newest_position_by_its_timestamp_not_by_its_arrival', () => {
    const fleet = new Fleet();
    fleet.applyLocation(location({ latitude: 2, timestamp: '2025-01-15T10:00:02Z' }));
    fleet.applyLocation(location({ latitude: 1, timestamp: '2025-01-15T10:00:01Z' }));
    expect(fleet.get('b1')?.fix?.latitude).toBe(2);
  });

  it('does_not_let_an_older_rest_position_replace_a_live_one', () => {
    const fleet = new Fleet();
    fleet.applyLocation(location({ latitude: 2, timestamp: '2025-01-15T10:00:02Z' }));
    fleet.applyVehicles([
      row({
        position: {
          vehicle_id: 'b1',
          latitude: 1,
          longitude: 0,
          speed: null,
          heading: null,
          accuracy: null,
          altitude: null,
          fuel_level_l: null,
          ignition: null,
          attributes: null,
          odometer_km: null,
          timestamp: '2025-01-15T10:00:01Z',
          outlier: false,
        },
      }),
    ]);
    expect(fleet.get('b1')).toMatchObject({ label: 'Bus 1', route: '7', fix: { latitude: 2 } });
  });

  it('shows_a_bus_that_only_the_socket_knows', () => {
    const fleet = new Fleet();
    expect(fleet.applyLocation(location())).toBe(false);
    expect(fleet.get('b1')?.label).toBe('WB01AB1234');
  });

  it('forgets_a_bus_that_the_list_no_longer_has', () => {
    const fleet = new Fleet();
    fleet.applyVehicles([row(), row({ id: 'b2' })]);
    fleet.applyVehicles([row()]);
    expect(fleet.all().map((bus) => bus.id)).toEqual(['b1']);
  });

  it('derives_an_unknown_heading_from_the_movement_and_keeps_it_while_the_bus_stands', () => {
    const fleet = new Fleet();
    fleet.applyLocation(location({ latitude: 0, longitude: 0, headingDeg: 0, timestamp: '2025-01-15T10:00:01Z' }));
    expect(fleet.get('b1')?.fix?.headingDeg).toBeNull();
    fleet.applyLocation(location({ latitude: 0, longitude: 0.01, headingDeg: 0, timestamp: '2025-01-15T10:00:02Z' }));
    expect(fleet.get('b1')?.fix?.headingDeg).toBeCloseTo(90);
    fleet.applyLocation(
      location({ latitude: 0, longitude: 0.01, headingDeg: 0, speedKmh: 0, timestamp: '2025-01-15T10:00:03Z' }),
    );
    expect(fleet.get('b1')?.fix?.headingDeg).toBeCloseTo(90);
  });
});
