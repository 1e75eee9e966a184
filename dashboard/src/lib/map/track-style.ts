/** The style of maps that show driven paths, coloured by speed, with stops and areas. */

import type { StyleSpecification } from 'maplibre-gl';
import type { AppConfig } from '../api/get-config';
import { EMPTY, groundLayers, groundOf, groundSources } from './ground';
import { PALETTES, type Theme } from './palette';

/** Share of the limit from which each colour holds. */
export const SPEED_STEPS = [0, 0.35, 0.7, 1] as const;
export const SPEED_COLOURS: Record<Theme, readonly string[]> = {
  light: ['#7a8f99', '#2f63b8', '#0f7a5c', '#c22f35'],
  dark: ['#8ca0aa', '#6ea1f0', '#35b58c', '#f0686b'],
};
/** Colours of the tracks of several vehicles, told apart also by their order in the list. */
export const TRACK_COLOURS: Record<Theme, readonly string[]> = {
  light: ['#0f7a5c', '#2f63b8', '#b56a00', '#8a3fa0', '#c22f35'],
  dark: ['#35b58c', '#6ea1f0', '#e8a13c', '#c58ad6', '#f0686b'],
};

export function trackStyle(theme: Theme, config: AppConfig): StyleSpecification {
  const palette = PALETTES[theme];
  const round = { 'line-join': 'round', 'line-cap': 'round' } as const;
  return {
    ...groundOf(config),
    sources: {
      ...groundSources(config),
      areas: { type: 'geojson', data: EMPTY },
      path: { type: 'geojson', data: EMPTY, tolerance: 0.2 },
      stops: { type: 'geojson', data: EMPTY },
    },
    layers: [
      ...groundLayers(theme, config),
      {
        id: 'areas-fill',
        type: 'fill',
        source: 'areas',
        paint: { 'fill-color': palette.status.waiting, 'fill-opacity': ['case', ['get', 'isSelected'], 0.28, 0.12] },
      },
      {
        id: 'areas-line',
        type: 'line',
        source: 'areas',
        paint: { 'line-color': palette.status.waiting, 'line-width': ['case', ['get', 'isSelected'], 3, 1.6] },
      },
      {
        id: 'path-casing',
        type: 'line',
        source: 'path',
        layout: round,
        paint: { 'line-color': palette.routeCasing, 'line-width': 7 },
      },
      {
        id: 'path',
        type: 'line',
        source: 'path',
        layout: round,
        paint: { 'line-color': ['get', 'colour'], 'line-width': 4 },
      },
      {
        id: 'stops',
        type: 'circle',
        source: 'stops',
        paint: {
          'circle-radius': 6,
          'circle-color': palette.paper,
          'circle-stroke-color': palette.ink,
          'circle-stroke-width': 2,
        },
      },
    ],
  };
}
