/** The known state of every bus: its description from REST, and its newest position from REST or the socket. */

import type { BusLocation } from '@milepost/client';
import { bearingDeg, distanceM } from '../../lib/map/sphere';

export interface Fix {
  latitude: number;
  longitude: number;
  speedKmh: number;
  /** Null until a heading was reported or the bus has moved. */
  headingDeg: number | null;
  atMs: number;
}

export interface Bus {
  id: string;
  label: string;
  plate: string;
  route: string;
  status: string;
  driverId: number | null;
  fix: Fix | null;
}

/** A vehicle as REST lists it. */
export interface VehicleRow {
  id: string;
  kind: string;
  label: string;
  license_plate: string | null;
  route: string | null;
  status: string;
  driver_id: number | null;
  position: {
    latitude: number;
    longitude: number;
    speed: number | null;
    heading: number | null;
    timestamp: string;
  } | null;
}

/** Under this the direction between two fixes is noise. */
const HEADING_FROM_MOVE_M = 10;

export class Fleet {
  private buses = new Map<string, Bus>();
  /** Buses that the socket has sent: they are shown whatever their kind is. */
  private readonly reporting = new Set<string>();
  private listeners = new Set<() => void>();
  /** Counts up when the list must be sorted anew: a bus was added, removed or renamed, or reported for the first time. */
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

  /** Applies a live location; one that is older than the newest known is ignored. Returns whether the bus was known. */
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

  /** Applies the whole list from REST: descriptions are replaced, positions only by newer ones, and removed buses go. */
  applyVehicles(rows: VehicleRow[]): void {
    const listed = new Set(rows.map((row) => row.id));
    for (const id of this.buses.keys()) if (!listed.has(id)) this.buses.delete(id);
    for (const row of rows) {
      if (row.kind !== 'bus' && !this.reporting.has(row.id)) continue;
      const known = this.buses.get(row.id);
      const atMs = row.position ? Date.parse(row.position.timestamp) : Number.NaN;
      const isNewer = row.position !== null && !Number.isNaN(atMs) && atMs > (known?.fix?.atMs ?? -Infinity);
      this.buses.set(row.id, {
        id: row.id,
        label: row.label || row.license_plate || row.id,
        plate: row.license_plate ?? '',
        route: row.route ?? '',
        status: row.status,
        driverId: row.driver_id,
        fix: isNewer && row.position ? nextFix(known?.fix ?? null, row.position, atMs) : (known?.fix ?? null),
      });
    }
    this.rosterVersion += 1;
    this.changed();
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

interface RawPosition {
  latitude: number;
  longitude: number;
  speed: number | null;
  heading: number | null;
}

/** Heading 0 may mean north or unknown: then the direction since the last fix counts, or the last known heading. */
function nextFix(last: Fix | null, raw: RawPosition, atMs: number): Fix {
  let headingDeg: number | null = raw.heading || null;
  if (headingDeg === null && last) {
    const hasMoved = distanceM(last, raw) >= HEADING_FROM_MOVE_M;
    headingDeg = hasMoved ? bearingDeg(last, raw) : last.headingDeg;
  }
  return { latitude: raw.latitude, longitude: raw.longitude, speedKmh: raw.speed ?? 0, headingDeg, atMs };
}
