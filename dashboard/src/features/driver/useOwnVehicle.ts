/** The vehicle whose place this phone tells: one of the driver's that nothing else reports for. */

import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Me } from '../../lib/api/get-me';
import { listVehicles, type Vehicle } from '../../lib/api/list-vehicles';
import { serverNowMs } from '../../lib/time/server-clock';

/** A vehicle that was heard of within this time, and not by this phone, has a device of its own. */
const HEARD_WITHIN_MS = 2 * 60_000;
const REFRESH_EVERY_MS = 60_000;
/** When this phone reported for a vehicle last, over reloads. */
const MARK = 'milepost.reported.';

export interface OwnVehicle {
  vehicle: Vehicle;
  /** It reports by itself: two sources would have it jump between them. */
  reportsItself: boolean;
}

/** Decided anew each time that sharing is switched on. */
export function useOwnVehicle(me: Me, isSharing: boolean): OwnVehicle | null {
  const { data } = useQuery({
    queryKey: ['own-vehicles', me.tenant, me.id],
    queryFn: async () => (await listVehicles()) ?? [],
    refetchInterval: REFRESH_EVERY_MS,
    refetchIntervalInBackground: true,
  });
  const vehicle = data?.find(({ driver_id }) => driver_id === me.id) ?? null;
  const [decided, setDecided] = useState<{ id: string; reportsItself: boolean } | null>(null);
  const id = vehicle?.id ?? null;
  const heardMs = vehicle?.position ? Date.parse(vehicle.position.timestamp) : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what this phone reports itself must not change the decision
  useEffect(() => {
    if (id === null) return setDecided(null);
    const isRecent = heardMs !== null && heardMs > serverNowMs() - HEARD_WITHIN_MS;
    const own = Number(localStorage.getItem(MARK + id) ?? 0);
    setDecided({ id, reportsItself: isRecent && heardMs > own + 1_000 });
  }, [id, isSharing]);
  if (!vehicle) return null;
  return { vehicle, reportsItself: decided?.id === id && decided.reportsItself };
}

export function noteReported(vehicleId: string, atMs: number): void {
  try {
    localStorage.setItem(MARK + vehicleId, String(atMs));
  } catch {
    // Storage is forbidden: after a reload the vehicle may seem to have a device of its own for two minutes.
  }
}
