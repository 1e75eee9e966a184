/** The map of a parcel: a blue dot, a red flag, the driver's truck and the way that it drove. */

import type { DriverLocation } from '@milepost/client/react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { TripMapView } from '../../components/TripMapView';
import { hasEnded, type Parcel, type ParcelPlace } from '../../lib/api/parcels';
import { useConfig } from '../../lib/api/useConfig';
import type { Place } from '../../lib/map/sphere';
import { useTripMap } from '../../lib/map/useTripMap';
import { lastSeenText } from '../../lib/time/arrival';
import { useNow } from '../../lib/time/useNow';

interface Props {
  parcel: Parcel;
  path: [number, number][];
  driver: DriverLocation | null;
}

/** Points drawn since the page was opened; beyond that the oldest go, and are there again when the path is read anew. */
const MAX_LIVE_POINTS = 5_000;

export function ParcelMap({ parcel, path, driver }: Props) {
  const canvas = useRef<HTMLDivElement>(null);
  const config = useConfig();
  const map = useTripMap(canvas, config);
  const nowMs = useNow();
  const isOver = hasEnded(parcel.status);
  const atMs = driver?.timestamp ? Date.parse(driver.timestamp) : nowMs;
  const isStale = driver !== null && (isOver || lastSeenText(atMs, nowMs) !== null);
  const driven = useDriven(path, isOver ? null : driver);

  useEffect(() => {
    map?.setPlace('pickup', placeOf(parcel.pickup), 'Pickup');
    map?.setPlace('destination', placeOf(parcel.destination), 'Destination');
  }, [map, parcel.pickup, parcel.destination]);
  useEffect(() => {
    if (driver) map?.moveVehicle('truck', { ...placeOf(driver), atMs }, 'Driver', isStale);
  }, [map, driver, atMs, isStale]);
  useEffect(() => map?.setPath(driven), [map, driven]);

  return <TripMapView canvas={canvas} map={map} config={config} label="Map of the parcel" />;
}

/** The stored way and what came live after it was read; the newest point is left to the truck, which glides there. */
function useDriven(path: [number, number][], driver: DriverLocation | null): Place[] {
  const [live, setLive] = useState<Place[]>([]);
  useEffect(() => setLive([]), [path]);
  useEffect(() => {
    if (driver) setLive((now) => [...now, placeOf(driver)].slice(-MAX_LIVE_POINTS));
  }, [driver]);
  return useMemo(() => {
    const stored = path.map(([longitude, latitude]) => ({ latitude, longitude }));
    return [...stored, ...live.slice(0, -1)];
  }, [path, live]);
}

function placeOf({ lat, lng }: Pick<ParcelPlace, 'lat' | 'lng'>): Place {
  return { latitude: lat, longitude: lng };
}
