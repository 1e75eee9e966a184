/** The map of a parcel: a blue dot at the pickup, a red flag at the destination, the driver's truck and its path. */

import type { ParcelAt } from '@milepost/client/live';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { TripMapView } from '../../components/TripMapView';
import { configQuery } from '../../lib/api/get-config';
import type { Place } from '../../lib/map/sphere';
import { useTripMap } from '../../lib/map/useTripMap';
import { hasEnded, type Parcel, type ParcelPlace } from '../../lib/parcels';
import { useText } from '../../lib/strings/strings';
import { isOld } from '../../lib/time/arrival';
import { useNow } from '../../lib/time/useNow';
import type { PathPoint } from './api/get-parcel-path';

interface Props {
  parcel: Parcel;
  path: PathPoint[];
  driver: ParcelAt | null;
}

/** Live points kept since the path was read. Older ones are dropped until the path is read again. */
const MAX_LIVE_POINTS = 5_000;

export function ParcelMap({ parcel, path, driver }: Props) {
  const t = useText();
  const canvas = useRef<HTMLDivElement>(null);
  const { data: config } = useQuery(configQuery);
  const map = useTripMap(canvas, config);
  const nowMs = useNow();
  const isOver = hasEnded(parcel.status);
  const atMs = driver?.t ?? nowMs;
  const isStale = driver !== null && (isOver || isOld(atMs, nowMs));
  const driven = useDriven(path, isOver ? null : driver);

  useEffect(() => {
    map?.setPlace('pickup', placeOf(parcel.pickup), t.parcel.pickup);
    map?.setPlace('destination', placeOf(parcel.destination), t.parcel.destination);
  }, [map, parcel.pickup, parcel.destination, t]);
  useEffect(() => {
    if (driver) map?.moveVehicle('truck', { ...placeOf(driver), atMs }, t.panel.driver, isStale);
  }, [map, driver, atMs, isStale, t]);
  useEffect(() => map?.setPath(driven), [map, driven]);

  return <TripMapView canvas={canvas} map={map} config={config} label={t.parcel.map} />;
}

/** The stored path and the live points after it, except the newest point: the truck still moves towards it. */
function useDriven(path: PathPoint[], driver: ParcelAt | null): Place[] {
  const [live, setLive] = useState<{ since: PathPoint[]; points: Place[] }>({ since: path, points: [] });
  useEffect(() => {
    if (!driver) return;
    setLive(({ since, points }) => {
      const kept = since === path ? points : [];
      return { since: path, points: [...kept, placeOf(driver)].slice(-MAX_LIVE_POINTS) };
    });
  }, [driver, path]);
  return useMemo(() => {
    const stored = path.map(([longitude, latitude]) => ({ latitude, longitude }));
    return live.since === path ? [...stored, ...live.points.slice(0, -1)] : stored;
  }, [path, live]);
}

function placeOf({ lat, lng }: Pick<ParcelPlace, 'lat' | 'lng'>): Place {
  return { latitude: lat, longitude: lng };
}
