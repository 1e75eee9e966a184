/** The known state of every vehicle, as the live connection has it, with what REST alone knows. */

import type { Place as LivePlace, Vehicle as LiveState } from '@milepost/client/live';
import type { Vehicle } from '../api/list-vehicles';
import type { Fix } from '../map/glide';
import { bearingDeg, distanceM } from '../map/sphere';
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
  /** Since when its driver is off duty, Unix milliseconds; null on duty. */
  offDutyMs: number | null;
  speedLimitKmh: number | null;
  fix: VehicleFix | null;
  /** The usual time between two reports; null if it is not known. */
  rhythmMs: number | null;
}

/** After a shorter move the direction between two fixes is noise. */
const HEADING_FROM_MOVE_M = 10;

export class Fleet {
  private readonly vehicles = new Map<string, LiveVehicle>();
  private readonly rhythms = new Map<string, Rhythm>();
  private readonly limits = new Map<string, number>();
  private readonly listeners = new Set<Listener>();
  /** Counts up when the list must be sorted again: a vehicle was added, removed or renamed, or sent its first position. */
  rosterVersion = 0;
  /** The tenant's threshold, as far as the viewer may read it. */
  offlineAfterMs = DEFAULT_OFFLINE_AFTER_MS;

  /** Calls with the id of a vehicle that has changed; with null if many may have. */
  subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  all(): LiveVehicle[] {
    return [...this.vehicles.values()];
  }

  get size(): number {
    return this.vehicles.size;
  }

  get(id: string): LiveVehicle | undefined {
    return this.vehicles.get(id);
  }

  freshness({ fix, rhythmMs }: LiveVehicle, nowMs: number): Freshness {
    return freshnessOf({ atMs: fix?.atMs ?? null, rhythmMs }, nowMs, this.offlineAfterMs);
  }

  /** A vehicle as it is now. */
  apply({ id, kind, label, license_plate, route, status, driver_id, place, off_duty_since }: LiveState): void {
    const known = this.vehicles.get(id);
    const named = { kind, label: label || license_plate || id, plate: license_plate ?? '', route: route ?? '' };
    const last = known?.fix ?? null;
    const fix = place && (last?.atMs === place.t ? sameFix(last, place) : nextFix(last, place));
    const isSorted =
      known && known.label === named.label && (known.fix === null) === (fix === null) && known.route === named.route;
    if (!isSorted || known.plate !== named.plate || known.kind !== kind) this.rosterVersion += 1;
    this.vehicles.set(id, {
      id,
      ...named,
      status,
      driverId: driver_id,
      offDutyMs: off_duty_since ?? null,
      speedLimitKmh: this.limits.get(id) ?? null,
      fix,
      rhythmMs: place ? this.hear(id, place.t) : (known?.rhythmMs ?? null),
    });
    this.changed(id);
  }

  /** Vehicles as REST has them. What came over the live connection is newer. */
  list(rows: Vehicle[]): void {
    for (const { position, speed_limit_kmh, off_duty_since: offDuty, ...row } of rows) {
      if (speed_limit_kmh) this.limits.set(row.id, speed_limit_kmh);
      const t = position ? Date.parse(position.timestamp) : null;
      const last = this.vehicles.get(row.id)?.fix?.atMs ?? Number.NEGATIVE_INFINITY;
      if (t !== null && t <= last) continue;
      const place = position && {
        lat: position.latitude,
        lon: position.longitude,
        ...(position.speed !== null && { speed: position.speed }),
        ...(position.heading !== null && { heading: position.heading }),
        t: t ?? 0,
      };
      this.apply({ ...row, place, ...(offDuty ? { off_duty_since: Date.parse(offDuty) } : {}) });
    }
  }

  /** Drops those that are not listed any more. */
  keepOnly(rows: Vehicle[]): void {
    const listed = new Set(rows.map(({ id }) => id));
    for (const id of this.vehicles.keys()) if (!listed.has(id)) this.remove(id);
  }

  remove(id: string): void {
    if (!this.vehicles.delete(id)) return;
    this.rhythms.delete(id);
    this.rosterVersion += 1;
    this.changed(id);
  }

  /** Their own speed limits, which only REST has. */
  setLimits(rows: Vehicle[]): void {
    this.limits.clear();
    for (const { id, speed_limit_kmh } of rows) if (speed_limit_kmh) this.limits.set(id, speed_limit_kmh);
    for (const [id, vehicle] of this.vehicles) {
      const speedLimitKmh = this.limits.get(id) ?? null;
      if (vehicle.speedLimitKmh !== speedLimitKmh) this.vehicles.set(id, { ...vehicle, speedLimitKmh });
    }
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

  private changed(id: string | null = null): void {
    for (const listener of this.listeners) listener(id);
  }
}

type Listener = (id: string | null) => void;

/** A fix that was known, unless it was corrected. */
function sameFix(known: VehicleFix, place: LivePlace): VehicleFix {
  const isSame = known.latitude === place.lat && known.longitude === place.lon && known.speedKmh === (place.speed ?? 0);
  return isSame ? known : nextFix(known, place);
}

/** Without a heading the direction from the last fix is used, or while it stands the last known heading. */
function nextFix(last: VehicleFix | null, { lat, lon, speed, heading, t }: LivePlace): VehicleFix {
  const place = { latitude: lat, longitude: lon };
  let headingDeg: number | null = heading ?? null;
  if (headingDeg === null && last) {
    const hasMoved = distanceM(last, place) >= HEADING_FROM_MOVE_M;
    headingDeg = hasMoved ? bearingDeg(last, place) : last.headingDeg;
  }
  return { ...place, speedKmh: speed ?? 0, headingDeg, atMs: t };
}
