/** The place of a TrackMap on a page. */

import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { configQuery } from '../lib/api/get-config';
import { useText } from '../lib/strings/strings';
import { Credits } from './Credits';
import { Icon } from './Icon';
import 'maplibre-gl/dist/maplibre-gl.css';
import '../styles/map.css';
import '../styles/track.css';

interface Props {
  canvas: (element: HTMLDivElement | null) => void;
  label: string;
  onFit: () => void;
  children?: ReactNode;
}

export function TrackMapView({ canvas, label, onFit, children }: Props) {
  const t = useText();
  const { data: config } = useQuery(configQuery);
  return (
    <section className="track-map page-map" aria-label={label}>
      <div ref={canvas} className="map-canvas" />
      <button type="button" className="map-fit" onClick={onFit} aria-label={t.map.showAll} title={t.map.showAll}>
        <Icon name="fit" size={18} />
      </button>
      {children}
      {config ? <Credits config={config} /> : null}
    </section>
  );
}

/** What the colours of a path mean. */
export function SpeedLegend({ colours, limitText }: { colours: readonly string[]; limitText: string }) {
  const t = useText();
  const words = [t.trips.slower, '', t.trips.faster, t.trips.over];
  return (
    <p className="speed-legend">
      {colours.map((colour, index) => (
        <span key={colour}>
          <span className="speed-swatch" style={{ background: colour }} />
          {words[index]}
        </span>
      ))}
      <span className="muted">{limitText}</span>
    </p>
  );
}
