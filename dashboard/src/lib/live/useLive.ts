/** Hooks that subscribe components to the session's live client. */

import { createContext, useCallback, useContext, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { Fleet, LiveVehicle } from './fleet';
import type { LiveClient, LiveStatus } from './live-client';
import { sortVehicles } from './search';

/** The list is updated at most this often. The map is updated more often, independently. */
const LIST_EVERY_MS = 250;

export const LiveContext = createContext<LiveClient | null>(null);

export function useLive(): LiveClient {
  const client = useContext(LiveContext);
  if (!client) throw new Error('there is no LiveProvider around this component');
  return client;
}

export function useLiveStatus(): LiveStatus {
  const client = useLive();
  return useSyncExternalStore(client.subscribe, client.getStatus);
}

/** Keeps the trips that are read up to date while the component is there. */
export function useTripNews(): void {
  const client = useLive();
  useEffect(() => client.followTrips(), [client]);
}

/** Every vehicle in order, refreshed a few times a second. They are sorted only when the roster changes. */
export function useVehicles(fleet: Fleet, sort: (vehicles: LiveVehicle[]) => LiveVehicle[]): LiveVehicle[] {
  const [vehicles, setVehicles] = useState<LiveVehicle[]>([]);
  useEffect(() => {
    let timer: number | null = null;
    let order: string[] = [];
    let orderedVersion = -1;
    const refresh = () => {
      timer = null;
      if (orderedVersion !== fleet.rosterVersion) order = sort(fleet.all()).map(({ id }) => id);
      orderedVersion = fleet.rosterVersion;
      setVehicles(order.flatMap((id) => fleet.get(id) ?? []));
    };
    refresh();
    const stop = fleet.subscribe(() => {
      timer ??= window.setTimeout(refresh, LIST_EVERY_MS);
    });
    return () => {
      stop();
      if (timer !== null) window.clearTimeout(timer);
    };
  }, [fleet, sort]);
  return vehicles;
}

/** Renders again when vehicles are added, removed or renamed, not when they move. */
export function useRoster(): LiveVehicle[] {
  const { fleet } = useLive();
  const version = useSyncExternalStore(fleet.subscribe, () => fleet.rosterVersion);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version counts the changes of the fleet's list
  return useMemo(() => sortVehicles(fleet.all()), [fleet, version]);
}

/** The name of a vehicle; its id if it was removed. */
export function useVehicleName(): (id: string | null) => string {
  const roster = useRoster();
  return useCallback((id) => (id === null ? '–' : (roster.find((each) => each.id === id)?.label ?? id)), [roster]);
}
