/** The background of every map: land and a grid or, if configured, streets or tiles. Only streets load fonts. */

import type * as GeoJSON from 'geojson';
import type { ExpressionSpecification, StyleSpecification } from 'maplibre-gl';
import type { AppConfig } from '../api/get-config';
import { getSettings } from '../settings/settings';
import { languageOf } from '../strings/strings';
import landUrl from './land.geojson?url';
import { PALETTES, type Theme } from './palette';

export const EMPTY: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };
const IS_SEA: ExpressionSpecification = ['has', 'sea'];
const GRID_STEPS_DEG = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];

/** What the style of a map on this background begins with. */
export function groundOf(config: AppConfig): Pick<StyleSpecification, 'version' | 'font-faces'> {
  return { version: 8, ...(config.streets ? { 'font-faces': config.streets.fontFaces } : {}) };
}

/** Sea, land and grid, the streets, or the configured tiles. */
export function groundSources(config: AppConfig): StyleSpecification['sources'] {
  const tiles = config.streets ? null : config.tileUrl;
  return {
    land: { type: 'geojson', data: new URL(landUrl, window.location.href).href, tolerance: 0.2 },
    grid: { type: 'geojson', data: EMPTY },
    ...config.streets?.sources,
    ...(tiles ? { tiles: { type: 'raster' as const, tiles: [tiles], tileSize: 256, maxzoom: 19 } } : {}),
  };
}

export function groundLayers(theme: Theme, config: AppConfig): StyleSpecification['layers'] {
  const palette = PALETTES[theme];
  return [
    // What has not been loaded yet is land: most vehicles are there.
    { id: 'ground', type: 'background', paint: { 'background-color': palette.land } },
    { id: 'sea', type: 'fill', source: 'land', filter: IS_SEA, paint: { 'fill-color': palette.sea } },
    { id: 'land', type: 'fill', source: 'land', filter: ['!', IS_SEA], paint: { 'fill-color': palette.land } },
    {
      id: 'coast',
      type: 'line',
      source: 'land',
      filter: ['!', IS_SEA],
      paint: { 'line-color': palette.coast, 'line-width': 0.8 },
    },
    ...aboveLand(theme, config),
  ];
}

function aboveLand(theme: Theme, { streets, tileUrl }: AppConfig): StyleSpecification['layers'] {
  if (streets) return streets.layersFor(theme, languageOf(getSettings()));
  if (!tileUrl) {
    const lines = { 'line-color': PALETTES[theme].grid, 'line-width': 1 };
    return [{ id: 'grid', type: 'line', source: 'grid', paint: lines }];
  }
  const paint =
    theme === 'dark' ? { 'raster-brightness-max': 0.55, 'raster-saturation': -0.5 } : { 'raster-saturation': -0.25 };
  return [{ id: 'tiles', type: 'raster', source: 'tiles', paint }];
}

/** Lines of latitude and longitude across the view, about eight each way. Without tiles they show scale and motion. */
export function gridLines(west: number, south: number, east: number, north: number): GeoJSON.FeatureCollection {
  const step = GRID_STEPS_DEG.find((each) => (east - west) / each <= 10) ?? 30;
  const lines: GeoJSON.Position[][] = [];
  for (let x = Math.floor(west / step) * step; x <= east + step; x += step)
    lines.push([
      [x, south - step],
      [x, north + step],
    ]);
  for (let y = Math.floor(south / step) * step; y <= north + step; y += step) {
    if (Math.abs(y) < 86)
      lines.push([
        [west - step, y],
        [east + step, y],
      ]);
  }
  return {
    type: 'FeatureCollection',
    features: [{ type: 'Feature', properties: {}, geometry: { type: 'MultiLineString', coordinates: lines } }],
  };
}
