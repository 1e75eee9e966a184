/** What an operator narrows the list and the map to. */

import { kindOf } from '../../lib/kinds';
import type { LiveVehicle } from '../../lib/live/fleet';
import type { Freshness } from '../../lib/time/freshness';

export type Condition = 'moving' | 'standing' | 'speeding' | 'stale' | 'never';
export const CONDITIONS: readonly Condition[] = ['moving', 'standing', 'speeding', 'stale', 'never'];

export interface Filters {
  condition: Condition | '';
  kind: string;
  route: string;
}

export const NO_FILTERS: Filters = { condition: '', kind: '', route: '' };

/** Slower is standing: a receiver's noise looks like a slow walk. */
const MOVING_FROM_KMH = 3;

export function conditionOf({ fix }: LiveVehicle, freshness: Freshness): 'moving' | 'standing' | 'stale' | 'never' {
  if (freshness !== 'live' || !fix) return freshness === 'never' || !fix ? 'never' : 'stale';
  return fix.speedKmh >= MOVING_FROM_KMH ? 'moving' : 'standing';
}

export function isSpeeding({ fix, speedLimitKmh }: LiveVehicle, freshness: Freshness, limitKmh: number): boolean {
  return freshness === 'live' && fix !== null && fix.speedKmh > (speedLimitKmh ?? limitKmh);
}

/** `freshness` is that of each vehicle now; `limitKmh` the tenant's limit for vehicles without one of their own. */
export function filterVehicles(
  vehicles: LiveVehicle[],
  { condition, kind, route }: Filters,
  freshness: (vehicle: LiveVehicle) => Freshness,
  limitKmh: number,
): LiveVehicle[] {
  if (!condition && !kind && !route) return vehicles;
  return vehicles.filter((vehicle) => {
    if (kind && kindOf(vehicle.kind) !== kind) return false;
    if (route && vehicle.route !== route) return false;
    if (!condition) return true;
    const state = freshness(vehicle);
    return condition === 'speeding' ? isSpeeding(vehicle, state, limitKmh) : conditionOf(vehicle, state) === condition;
  });
}
