/** The map of a trip, with its credits and a button that shows the whole trip. */

import type { RefObject } from 'react';
import type { AppConfig } from '../lib/api/get-config';
import type { TripMap } from '../lib/map/trip-map';
import { useText } from '../lib/strings/strings';
import { Credits } from './Credits';

interface Props {
  canvas: RefObject<HTMLDivElement | null>;
  map: TripMap | null;
  config: AppConfig | undefined;
  label: string;
}

export function TripMapView({ canvas, map, config, label }: Props) {
  const t = useText();
  return (
    <section className="trip-map" aria-label={label}>
      <div ref={canvas} className="map-canvas" />
      <button
        type="button"
        className="map-fit"
        onClick={() => map?.fit()}
        aria-label={t.map.showAll}
        title={t.map.showAll}
      >
        <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
          <path d="M3 7.5V3h4.5M12.5 3H17v4.5M17 12.5V17h-4.5M7.5 17H3v-4.5" />
        </svg>
      </button>
      {config ? <Credits config={config} /> : null}
    </section>
  );
}
