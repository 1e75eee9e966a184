/** The style of the fleet's map: the background, the routes, and the vehicles' label plates and clusters. The vehicles themselves are a layer of their own. */

import type { StyleSpecification } from 'maplibre-gl';
import type { AppConfig } from '../../lib/api/get-config';
import type { Routes } from '../../lib/api/get-routes';
import { EMPTY, groundLayers, groundOf, groundSources } from '../../lib/map/ground';
import { PALETTES, type Theme } from '../../lib/map/palette';
import { clusterLayers, clusterSource } from './clusters';
import { countedLayer, countedSource } from './counted-clusters';
import { MARKER_PX } from './marker';

export const TAGS_FROM_ZOOM = 12;
/** Label plates are drawn below the disc. */
const TAG_OFFSET_PX: [number, number] = [0, MARKER_PX / 2 - 1];

export function mapStyle(theme: Theme, config: AppConfig, routes: Routes | null): StyleSpecification {
  const palette = PALETTES[theme];
  return {
    ...groundOf(config),
    sources: {
      ...groundSources(config),
      routes: { type: 'geojson', data: routes ?? EMPTY, tolerance: 0.2 },
      tags: { type: 'geojson', data: EMPTY, buffer: 64, tolerance: 0 },
      ...clusterSource(),
      ...countedSource(),
    },
    layers: [
      ...groundLayers(theme, config),
      {
        id: 'route-casing',
        type: 'line',
        source: 'routes',
        layout: { 'line-join': 'round', 'line-cap': 'round' },
        paint: { 'line-color': palette.routeCasing, 'line-width': ['interpolate', ['linear'], ['zoom'], 8, 2, 14, 7] },
      },
      {
        id: 'route',
        type: 'line',
        source: 'routes',
        layout: { 'line-join': 'round', 'line-cap': 'round' },
        paint: { 'line-color': palette.route, 'line-width': ['interpolate', ['linear'], ['zoom'], 8, 1, 14, 3.5] },
      },
      {
        id: 'vehicle-tag',
        type: 'symbol',
        source: 'tags',
        minzoom: TAGS_FROM_ZOOM,
        layout: {
          'icon-image': ['concat', 'tag:', ['get', 'label']],
          'icon-anchor': 'top',
          'icon-offset': TAG_OFFSET_PX,
          'icon-padding': 1,
        },
      },
      ...clusterLayers(MARKER_SIZE),
      countedLayer(),
    ],
  };
}

const MARKER_SIZE = ['interpolate', ['linear'], ['zoom'], 6, 0.5, 11, 0.8, 14, 1] as unknown as number;
