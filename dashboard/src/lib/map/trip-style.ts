/** The style of a single trip's map: the background, the driven path, and a straight line to the destination. */

import type { StyleSpecification } from 'maplibre-gl';
import type { AppConfig } from '../api/get-config';
import { EMPTY, groundLayers, groundOf, groundSources } from './ground';
import { PALETTES, type Theme } from './palette';

export function tripStyle(theme: Theme, config: AppConfig): StyleSpecification {
  const palette = PALETTES[theme];
  const round = { 'line-join': 'round', 'line-cap': 'round' } as const;
  return {
    ...groundOf(config),
    sources: {
      ...groundSources(config),
      path: { type: 'geojson', data: EMPTY, tolerance: 0.2 },
      left: { type: 'geojson', data: EMPTY },
    },
    layers: [
      ...groundLayers(theme, config),
      {
        id: 'left',
        type: 'line',
        source: 'left',
        layout: round,
        paint: { 'line-color': palette.route, 'line-width': 2, 'line-dasharray': [0.2, 3] },
      },
      {
        id: 'path-casing',
        type: 'line',
        source: 'path',
        layout: round,
        paint: { 'line-color': palette.routeCasing, 'line-width': 6 },
      },
      {
        id: 'path',
        type: 'line',
        source: 'path',
        layout: round,
        paint: { 'line-color': palette.status.service, 'line-width': 3 },
      },
    ],
  };
}
