/** The map of a share. Loaded after the words. */

import { useEffect, useRef } from 'react';
import { TrackMapView } from '../../components/TrackMapView';
import type { Fleet, LiveVehicle } from '../../lib/live/fleet';
import { useTrackMap } from '../../lib/map/useTrackMap';

interface Props {
  vehicles: LiveVehicle[];
  fleet: Fleet;
  nowMs: number;
  /** The one that is kept in view. */
  shownId: string | null;
  label: string;
}

export default function SharedMap({ vehicles, fleet, nowMs, shownId, label }: Props) {
  const { map, canvas } = useTrackMap();
  const hasFitted = useRef(false);
  const lastShownId = useRef<string | null>(null);

  useEffect(() => {
    if (!map) return;
    map.setMarkers(
      vehicles.flatMap((vehicle) => {
        const isHollow = fleet.freshness(vehicle, nowMs) !== 'live';
        const { id, label, fix } = vehicle;
        return fix ? [{ ...fix, id, label, colour: 'var(--service)', isHollow }] : [];
      }),
    );
    const places = placesOf(vehicles);
    if (places.length > 0 && !hasFitted.current) {
      hasFitted.current = true;
      map.fit(places, false);
    }
    const shown = shownId === null ? null : fleet.get(shownId)?.fix;
    if (shown && lastShownId.current !== shownId) map.fit([shown]);
    else if (shown) map.keepInView(shown);
    lastShownId.current = shownId;
  }, [map, vehicles, fleet, nowMs, shownId]);

  return <TrackMapView canvas={canvas} label={label} onFit={() => map?.fit(placesOf(vehicles))} />;
}

const placesOf = (vehicles: LiveVehicle[]) => vehicles.flatMap(({ fix }) => (fix ? [fix] : []));
