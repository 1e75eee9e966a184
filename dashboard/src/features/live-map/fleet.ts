/** The known state of every bus: its description from REST, and its newest position from REST or the socket. */

import type { BusLocation } from '@milepost/client';
import type { Fix } from '../../lib/map/glide';
import { bearingDeg, distanceM, type Place } from '../../lib/map/sphere';
import type { Vehicle } from './api/list-vehicles';

export interface BusFix extends Fix {
  speedKmh: number;
}

export interface Bus {
  id: string;
  label: string;
  plate: string;
  route: string;
  status: string;
  driverId: number | null;
  fix: BusFix | null;
}

/** After a shorter move the direction between two fixes is noise. */
const HEADING_FROM_MOVE_M = 10;

export class Fleet {
  private buses = new Map<string, Bus>();
  /** Buses that the socket has sent. They are shown whatever their kind is. */
  private readonly reporting = new Set<string>();
  private listeners = new Set<() => void>();
  /** Counts up when the list must be sorted again: a bus was added, removed or renamed, or sent its first position. */
  rosterVersion = 0;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  all(): Bus[] {
    return [...this.buses.values()];
  }

  get(id: string): Bus | undefined {
    return this.buses.get(id);
  }

  /** Applies a live location, unless a newer one is known. Returns whether the bus was known. */
  applyLocation(location: BusLocation): boolean {
    const { busId, licensePlate, status, speedKmh, headingDeg } = location;
    const known = this.buses.get(busId);
    this.reporting.add(busId);
    const atMs = Date.parse(location.timestamp);
    if (known?.fix && atMs < known.fix.atMs) return true;
    const fix = nextFix(known?.fix ?? null, { ...location, speed: speedKmh, heading: headingDeg }, atMs);
    if (!known?.fix) this.rosterVersion += 1;
    this.buses.set(busId, {
      id: busId,
      label: known?.label ?? (licensePlate || busId),
      plate: licensePlate || (known?.plate ?? ''),
      route: known?.route ?? '',
      status: status || (known?.status ?? ''),
      driverId: known?.driverId ?? null,
      fix,
    });
    this.changed();
    return known !== undefined;
  }

  /** Applies the whole list from REST: replaces descriptions, takes newer positions, and removes buses that are missing. */
  applyVehicles(vehicles: Vehicle[]): void {
    const listed = new Set(vehicles.map(({ id }) => id));
    for (const id of this.buses.keys()) if (!listed.has(id)) this.buses.delete(id);
    for (const { id, kind, label, license_plate, route, status, driver_id, position } of vehicles) {
      if (kind !== 'bus' && !this.reporting.has(id)) continue;
      const known = this.buses.get(id)?.fix ?? null;
      const atMs = Date.parse(position?.timestamp ?? '');
      const isNewer = position && atMs > (known?.atMs ?? Number.NEGATIVE_INFINITY);
      this.buses.set(id, {
        id,
        label: label || license_plate || id,
        plate: license_plate ?? '',
        route: route ?? '',
        status,
        driverId: driver_id ?? null,
        fix: isNewer ? nextFix(known, position, atMs) : known,
      });
    }
    this.rosterVersion += 1;
    this.changed();
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

interface RawPosition extends Place {
  speed?: number | null;
  heading?: number | null;
}

/** Heading 0 may mean north or unknown. Then the direction from the last fix is used, or the last known heading. */
function nextFix(last: BusFix | null, raw: RawPosition, atMs: number): BusFix {
  let headingDeg: number | null = raw.heading || null;
  if (headingDeg === null && last) {
    const hasMoved = distanceM(last, raw) >= HEADING_FROM_MOVE_M;
    headingDeg = hasMoved ? bearingDeg(last, raw) : last.headingDeg;
  }
  return { latitude: raw.latitude, longitude: raw.longitude, speedKmh: raw.speed ?? 0, headingDeg, atMs };
}
