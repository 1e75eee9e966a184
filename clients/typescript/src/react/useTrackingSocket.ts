/** Subscribes a component to one parcel. A driver's component also sends. */

import { useCallback, useEffect, useRef, useState } from 'react';
import type { TokenSource } from '../address.js';
import type { TrackingError } from '../errors.js';
import type { FixStorage } from '../fix-queue.js';
import { type NewLocation, ParcelClient } from '../parcel.js';
import type { ParcelEvent, ParcelLocation } from '../parcel-wire.js';
import type { Platform } from '../platform.js';
import type { ConnectionState } from '../socket.js';

/** The driver's location, its time, and the seconds to the destination. */
export interface DriverLocation extends ParcelLocation {
  driverId: string;
  /** RFC 3339; null from an older server that does not send it. */
  timestamp: string | null;
  etaSeconds: number | null;
}

export interface UseTrackingSocketOptions {
  /** No connection is made while this is null or undefined. */
  parcelId: number | null | undefined;
  /** Connects as soon as there is a parcel; true by default. */
  autoConnect?: boolean;
  onLocationUpdate?: (location: DriverLocation, driverId: string) => void;
  onError?: (error: TrackingError) => void;
  onConnectionChange?: (state: ConnectionState) => void;
  /** Called for zones, status changes, and the end. */
  onEvent?: (event: ParcelEvent) => void;
  /** The JWT, or a function that returns it. By default the one in `localStorage` under `tokenKey`, or else the session cookie. */
  token?: TokenSource;
  /** `access_token` by default. */
  tokenKey?: string;
  /** The page's own origin by default. */
  serverUrl?: string | undefined;
  /** Where a driver's queued fixes are kept over a reload. By default they survive a change of the parcel, but not a reload. */
  storage?: FixStorage | undefined;
  storageKey?: string | undefined;
  platform?: Partial<Platform>;
}

export interface TrackingSocketHook {
  connectionState: ConnectionState;
  /** Null until the first one comes. Kept while disconnected. */
  driverLocation: DriverLocation | null;
  /** Returns false for an invalid location or without a parcel. Without a connection the location is queued. */
  sendLocationUpdate: (location: NewLocation) => boolean;
  connect: () => void;
  disconnect: () => void;
  /** Fixes that the server has not acknowledged. */
  queuedCount: number;
  /** Fixes that were dropped because the queue was full. */
  droppedCount: number;
}

export function useTrackingSocket(options: UseTrackingSocketOptions): TrackingSocketHook {
  const { parcelId, autoConnect = true, serverUrl, storageKey } = options;
  const [memory] = useState(memoryStorage);
  const storage = options.storage ?? memory;
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  const client = useRef<ParcelClient | null>(null);
  const [connectionState, setConnectionState] = useState<ConnectionState>('disconnected');
  const [driverLocation, setDriverLocation] = useState<DriverLocation | null>(null);
  const [queue, setQueue] = useState({ queuedCount: 0, droppedCount: 0 });

  useEffect(() => {
    if (parcelId === null || parcelId === undefined) return;
    const { platform } = latest.current;
    const created = new ParcelClient({
      parcelId,
      serverUrl,
      storage,
      storageKey,
      token: () => tokenOf(latest.current),
      onLocationUpdate: (update) => {
        if (update.parcelId !== parcelId) return; // a driver's socket carries all its parcels
        const { driverId, timestamp, etaSeconds } = update;
        const location = { ...update.location, driverId, timestamp, etaSeconds };
        setDriverLocation(location);
        latest.current.onLocationUpdate?.(location, driverId);
      },
      onEvent: (event) => latest.current.onEvent?.(event),
      onError: (error) => latest.current.onError?.(error),
      onConnectionChange: (state) => {
        setConnectionState(state);
        latest.current.onConnectionChange?.(state);
      },
      onQueueChange: (queuedCount, droppedCount) => setQueue({ queuedCount, droppedCount }),
      ...(platform ? { platform } : {}),
    });
    client.current = created;
    setQueue({ queuedCount: created.queuedCount, droppedCount: created.droppedCount });
    if (latest.current.autoConnect ?? true) created.connect();
    return () => {
      client.current = null;
      created.disconnect();
      setDriverLocation(null);
    };
  }, [parcelId, serverUrl, storage, storageKey]);

  const isFirst = useRef(true);
  useEffect(() => {
    // The first time, and with another parcel, the effect above has connected already.
    if (isFirst.current) isFirst.current = false;
    else if (autoConnect) client.current?.connect();
  }, [autoConnect]);

  const sendLocationUpdate = useCallback(
    (location: NewLocation) => client.current?.sendLocationUpdate(location) ?? false,
    [],
  );
  const connect = useCallback(() => client.current?.connect(), []);
  const disconnect = useCallback(() => client.current?.disconnect(), []);
  return { connectionState, driverLocation, sendLocationUpdate, connect, disconnect, ...queue };
}

function tokenOf({ token, tokenKey = 'access_token' }: UseTrackingSocketOptions): string | null {
  if (token !== undefined) return (typeof token === 'function' ? token() : token) ?? null;
  try {
    return localStorage.getItem(tokenKey);
  } catch {
    return null; // storage is forbidden: the session cookie counts
  }
}

function memoryStorage(): FixStorage {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}
