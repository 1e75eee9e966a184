/** React hooks over one connection. */

import {
  createContext,
  createElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useSyncExternalStore,
} from 'react';
import type {
  Alert,
  Box,
  ConnectionSnapshot,
  Delivery,
  FactsSnapshot,
  Live,
  Store,
  Vehicle,
  VehicleFilter,
  VehiclesSnapshot,
} from '../index.js';
import { followDelivery, type ThingSnapshot } from '../things/index.js';
import { openView } from '../view/index.js';

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

/** The vehicles in a part of the map, once a frame. Give it what the map shows, also while it moves. */
export function useView(box: Box): VehiclesSnapshot {
  const live = useLive();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the view is moved, not made again
  const view = useMemo(() => openView(live, box), [live]);
  const key = box.join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the box may be a new object each time
  useEffect(() => view.moveTo(box), [view, key]);
  return useStore(view);
}

/** A delivery, by its link too. Its `error` says why it is not there: `gone`, `not_found`, `forbidden`. */
export function useDelivery(id: string): ThingSnapshot<Delivery> {
  const live = useLive();
  return useStore(useMemo(() => followDelivery(live, id), [live, id]));
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
