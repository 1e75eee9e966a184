/** Hooks that subscribe components to the live client. */

import { useEffect, useState, useSyncExternalStore } from 'react';
import type { Bus, Fleet } from './fleet';
import { LiveClient, type LiveStatus } from './live-client';

/** The list is updated at most this often. The map is updated more often, independently. */
const LIST_EVERY_MS = 250;

/** A client that runs as long as the component is mounted. */
export function useLiveClient(onSessionEnd: () => void): LiveClient | null {
  const [client, setClient] = useState<LiveClient | null>(null);
  useEffect(() => {
    let isCurrent = true;
    const live = new LiveClient(() => isCurrent && onSessionEnd());
    live.start();
    setClient(live);
    return () => {
      isCurrent = false;
      live.stop();
    };
  }, [onSessionEnd]);
  return client;
}

export function useLiveStatus(client: LiveClient): LiveStatus {
  return useSyncExternalStore(client.subscribe, client.getStatus);
}

/** Every bus in order, refreshed a few times a second. They are sorted only when the roster changes. */
export function useBuses(fleet: Fleet, sort: (buses: Bus[]) => Bus[]): Bus[] {
  const [buses, setBuses] = useState<Bus[]>([]);
  useEffect(() => {
    let timer: number | null = null;
    let order: string[] = [];
    let orderedVersion = -1;
    const refresh = () => {
      timer = null;
      if (orderedVersion !== fleet.rosterVersion) order = sort(fleet.all()).map((bus) => bus.id);
      orderedVersion = fleet.rosterVersion;
      setBuses(order.flatMap((id) => fleet.get(id) ?? []));
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
  return buses;
}
