/** React hooks over one connection. */

import { createContext, createElement, type ReactNode, useContext, useMemo, useSyncExternalStore } from 'react';
import type {
  Alert,
  ConnectionSnapshot,
  FactsSnapshot,
  Live,
  Store,
  Vehicle,
  VehicleFilter,
  VehiclesSnapshot,
} from '../index.js';

const Connected = createContext<Live | null>(null);

/** Gives the connection to the hooks in the components below it. */
export function LiveProvider({ live, children }: { live: Live; children?: ReactNode }) {
  return createElement(Connected.Provider, { value: live }, children);
}

/** The connection of the provider above. */
export function useLive(): Live {
  const live = useContext(Connected);
  if (!live) throw new Error('a <LiveProvider> is needed above this component');
  return live;
}

/** The state of the connection. */
export function useConnection(): ConnectionSnapshot {
  return useStore(useLive().connection);
}

/** All vehicles, or those of a filter, once a frame. The filter may be a new object each time. */
export function useVehicles(filter?: VehicleFilter): VehiclesSnapshot {
  return useStore(useVehicleStore(filter));
}

/** One vehicle; undefined while it is not known. */
export function useVehicle(id: string): Vehicle | undefined {
  const store = useVehicleStore({ id });
  return useSyncExternalStore(
    store.subscribe,
    () => store.get(id),
    () => undefined,
  );
}

/** The alerts that have not expired, the newest first. */
export function useAlerts(): FactsSnapshot<Alert> {
  return useStore(useLive().alerts());
}

/** The present value of a store, such as `live.trips()`. */
export function useStore<Snapshot>({ subscribe, snapshot }: Store<Snapshot>): Snapshot {
  return useSyncExternalStore(subscribe, snapshot, snapshot);
}

function useVehicleStore(filter: VehicleFilter | undefined) {
  const live = useLive();
  const key = JSON.stringify(filter);
  return useMemo(() => live.vehicles(key === undefined ? undefined : (JSON.parse(key) as VehicleFilter)), [live, key]);
}
