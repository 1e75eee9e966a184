/** The known state of every vehicle: its description from REST, and its newest position from REST or the socket. */

import type { BusLocation } from '@milepost/client';
import type { Vehicle } from '../api/list-vehicles';
import type { Fix } from '../map/glide';
import { bearingDeg, distanceM, type Place } from '../map/sphere';
import { DEFAULT_OFFLINE_AFTER_MS, type Freshness, freshnessOf, Rhythm } from '../time/freshness';

export interface VehicleFix extends Fix {
  speedKmh: number;
}

export interface LiveVehicle {
  id: string;
  kind: string;
  label: string;
  plate: string;
  route: string;
  status: string;
  driverId: number | null;
  speedLimitKmh: number | null;
  fix: VehicleFix | null;
  /** The usual time between two reports; null if it is not known. */
  rhythmMs: number | null;
}

/** After a shorter move the direction between two fixes is noise. */
const HEADING_FROM_MOVE_M = 10;

export class Fleet {
  private vehicles = new Map<string, LiveVehicle>();
  private readonly rhythms = new Map<string, Rhythm>();
  private listeners = new Set<() => void>();
  /** Counts up when the list must be sorted again: a vehicle was added, removed or renamed, or sent its first position. */
  rosterVersion = 0;
  /** The tenant's threshold, as far as the viewer may read it. */
  offlineAfterMs = DEFAULT_OFFLINE_AFTER_MS;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  all(): LiveVehicle[] {
    return [...this.vehicles.values()];
  }

  get(id: string): LiveVehicle | undefined {
    return this.vehicles.get(id);
  }

  freshness({ fix, rhythmMs }: LiveVehicle, nowMs: number): Freshness {
    return freshnessOf({ atMs: fix?.atMs ?? null, rhythmMs }, nowMs, this.offlineAfterMs);
  }

  /** Applies a live location, unless a newer one is known. Returns whether the vehicle was known. */
  applyLocation(location: BusLocation): boolean {
    const { busId, licensePlate, status, speedKmh, headingDeg } = location;
    const known = this.vehicles.get(busId);
    const atMs = Date.parse(location.timestamp);
    if (known?.fix && atMs < known.fix.atMs) return true;
    const fix = nextFix(known?.fix ?? null, { ...location, speed: speedKmh, heading: headingDeg }, atMs);
    if (!known?.fix) this.rosterVersion += 1;
    this.vehicles.set(busId, {
      id: busId,
      kind: known?.kind ?? '',
      label: known?.label ?? (licensePlate || busId),
      plate: licensePlate || (known?.plate ?? ''),
      route: known?.route ?? '',
      status: status || (known?.status ?? ''),
      driverId: known?.driverId ?? null,
      speedLimitKmh: known?.speedLimitKmh ?? null,
      fix,
      rhythmMs: this.hear(busId, atMs),
    });
    this.changed();
    return known !== undefined;
  }

  /** Applies the whole list from REST: replaces descriptions, takes newer positions, and removes vehicles that are missing. */
  applyVehicles(rows: Vehicle[]): void {
    const listed = new Set(rows.map(({ id }) => id));
    for (const id of this.vehicles.keys()) if (!listed.has(id)) this.forget(id);
    for (const row of rows) {
      const { id, position } = row;
      const known = this.vehicles.get(id)?.fix ?? null;
      const atMs = Date.parse(position?.timestamp ?? '');
      const isNewer = position && atMs > (known?.atMs ?? Number.NEGATIVE_INFINITY);
      this.vehicles.set(id, {
        id,
        kind: row.kind,
        label: row.label || row.license_plate || id,
        plate: row.license_plate ?? '',
        route: row.route ?? '',
        status: row.status,
        driverId: row.driver_id ?? null,
        speedLimitKmh: row.speed_limit_kmh ?? null,
        fix: isNewer ? nextFix(known, position, atMs) : known,
        rhythmMs: this.rhythms.get(id)?.usualMs ?? null,
      });
    }
    this.rosterVersion += 1;
    this.changed();
  }

  setOfflineAfter(offlineAfterMs: number): void {
    this.offlineAfterMs = offlineAfterMs;
    this.changed();
  }

  private hear(id: string, atMs: number): number | null {
    let rhythm = this.rhythms.get(id);
    if (!rhythm) {
      rhythm = new Rhythm();
      this.rhythms.set(id, rhythm);
    }
    rhythm.hear(atMs);
    return rhythm.usualMs;
  }

  private forget(id: string): void {
    this.vehicles.delete(id);
    this.rhythms.delete(id);
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
function nextFix(last: VehicleFix | null, raw: RawPosition, atMs: number): VehicleFix {
  let headingDeg: number | null = raw.heading || null;
  if (headingDeg === null && last) {
    const hasMoved = distanceM(last, raw) >= HEADING_FROM_MOVE_M;
    headingDeg = hasMoved ? bearingDeg(last, raw) : last.headingDeg;
  }
  return { latitude: raw.latitude, longitude: raw.longitude, speedKmh: raw.speed ?? 0, headingDeg, atMs };
}
