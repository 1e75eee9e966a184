/** Keeps the driver's fixes until the server has them: those of its parcels, and those of its vehicle. */

import { type Fix, openQueue, type Queue, type QueueSnapshot } from '@milepost/client/live/queue';
import { useLive } from '@milepost/client/live/react';
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Me } from '../../lib/api/get-me';
import { serverNowMs } from '../../lib/time/server-clock';
import { takeOldFixes } from './old-fixes';
import type { DeviceFix } from './useDevicePosition';

const FULL = 'the queue is full';
const EMPTY: QueueSnapshot = { waiting: 0, isKept: true, error: null };

interface Options {
  me: Me;
  /** A parcel that the driver brings: the server passes its place on to all of them. Null while that is not known. */
  parcelId: number | null;
  /** The vehicle whose place it is, too. */
  vehicleId: string | null;
}

export function useFixQueues({ me, parcelId, vehicleId }: Options) {
  const [droppedCount, setDroppedCount] = useState(0);
  const parcel = useRef(parcelId);
  useEffect(() => {
    parcel.current = parcelId;
  });
  const name = `${me.tenant} ${me.id}`;
  const dropped = useCallback((_: Fix, detail: string) => {
    if (detail === FULL) setDroppedCount((count) => count + 1);
  }, []);
  const forParcels = useQueue(`parcels of ${name}`, dropped, (fix) =>
    parcel.current === null
      ? null
      : { op: 'status', parcel: parcel.current, lat: fix.latitude, lng: fix.longitude, timestamp: fix.timestamp },
  );
  const forVehicle = useQueue(`vehicle of ${name}`, dropped);

  // What a page of an older version left.
  useEffect(() => {
    if (forParcels.queue) takeOldFixes(`milepost.fixes.${me.tenant}.${me.id}`, forParcels.queue);
  }, [forParcels.queue, me]);

  const report = useCallback(
    (fix: DeviceFix) => {
      // In the server's time: with a wrong clock on the phone the fix would be refused or get a wrong place in the path.
      const timestamp = new Date(fix.atMs + serverNowMs() - Date.now()).toISOString();
      const place = { latitude: fix.lat, longitude: fix.lng, timestamp };
      if (parcel.current !== null) void forParcels.queue?.report(place);
      if (vehicleId !== null)
        void forVehicle.queue?.report({ vehicle_id: vehicleId, accuracy: Math.max(0, fix.accuracyM), ...place });
    },
    [forParcels.queue, forVehicle.queue, vehicleId],
  );
  return { report, waiting: forParcels.waiting + forVehicle.waiting, droppedCount };
}

function useQueue(
  name: string,
  onRefused: (fix: Fix, detail: string) => void,
  request?: (fix: Fix) => { op: string; [field: string]: unknown } | null,
): { queue: Queue | null; waiting: number } {
  const live = useLive();
  const [queue, setQueue] = useState<Queue | null>(null);
  const latest = useRef(request);
  const hasRequest = request !== undefined;
  useEffect(() => {
    latest.current = request;
  });
  useEffect(() => {
    const own = hasRequest ? { request: (fix: Fix) => latest.current?.(fix) ?? null } : {};
    const opened = openQueue(live, { name, onRefused, ...own });
    setQueue(opened);
    return () => opened.close();
  }, [live, name, onRefused, hasRequest]);
  const { waiting } = useSyncExternalStore(queue?.subscribe ?? nothing, queue?.snapshot ?? empty);
  return { queue, waiting };
}

const nothing = () => () => {};
const empty = () => EMPTY;
