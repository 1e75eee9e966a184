/** The map's style: land, grid, routes and, if configured, tiles; no glyphs and no sprites are ever fetched. */

import type * as GeoJSON from 'geojson';
import type { StyleSpecification } from 'maplibre-gl';
import type { AppConfig, Routes } from '../../lib/api/client';
import landUrl from '../../lib/map/land.geojson?url';
import { PALETTES, type Theme } from '../../lib/map/palette';
import { MARKER_PX } from './marker';

export const EMPTY: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };
export const TAGS_FROM_ZOOM = 12;
/** Label plates sit under the disc. */
const TAG_OFFSET_PX: [number, number] = [0, MARKER_PX / 2 - 1];

export function mapStyle(theme: Theme, config: AppConfig, routes: Routes | null): StyleSpecification {
  const palette = PALETTES[theme];
  return {
    version: 8,
    sources: {
      ...groundSources(config),
      routes: { type: 'geojson', data: routes ?? EMPTY, tolerance: 0.2 },
      buses: { type: 'geojson', data: EMPTY, buffer: 64, tolerance: 0 },
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
        id: 'bus-ring',
        type: 'circle',
        source: 'buses',
        filter: ['==', ['get', 'isSelected'], true],
        paint: {
          'circle-radius': 21,
          'circle-color': palette.ring,
          'circle-opacity': 0.12,
          'circle-stroke-color': palette.ring,
          'circle-stroke-width': 2,
        },
      },
      {
        id: 'bus-tag',
        type: 'symbol',
        source: 'buses',
        minzoom: TAGS_FROM_ZOOM,
        layout: {
          'icon-image': ['concat', 'tag:', ['get', 'label']],
          'icon-anchor': 'top',
          'icon-offset': TAG_OFFSET_PX,
          'icon-padding': 1,
        },
      },
      {
        id: 'bus-body',
        type: 'symbol',
        source: 'buses',
        layout: {
          'icon-image': ['get', 'body'],
          'icon-rotate': ['get', 'heading'],
          'icon-rotation-alignment': 'map',
          'icon-size': MARKER_SIZE,
          'icon-allow-overlap': true,
          'icon-ignore-placement': true,
          'symbol-sort-key': ['get', 'order'],
        },
      },
      {
        id: 'bus-sign',
        type: 'symbol',
        source: 'buses',
        minzoom: 9,
        layout: {
          'icon-image': ['get', 'sign'],
          'icon-rotation-alignment': 'viewport',
          'icon-size': MARKER_SIZE,
          'icon-padding': 0,
          // Of markers on one another only the top one shows its sign: what is drawn last there is placed first here.
          'symbol-sort-key': ['-', 0, ['get', 'order']],
        },
      },
    ],
  };
}

/** Sea, land and grid, or the configured tiles. */
export function groundSources(config: AppConfig): StyleSpecification['sources'] {
  const tiles = config.tile_url;
  return {
    land: { type: 'geojson', data: new URL(landUrl, window.location.href).href, tolerance: 0.2 },
    grid: { type: 'geojson', data: EMPTY },
    ...(tiles ? { tiles: { type: 'raster' as const, tiles: [tiles], tileSize: 256, maxzoom: 19 } } : {}),
  };
}

export function groundLayers(theme: Theme, config: AppConfig): StyleSpecification['layers'] {
  const palette = PALETTES[theme];
  return [
    { id: 'sea', type: 'background', paint: { 'background-color': palette.sea } },
    { id: 'land', type: 'fill', source: 'land', paint: { 'fill-color': palette.land, 'fill-antialias': true } },
    { id: 'coast', type: 'line', source: 'land', paint: { 'line-color': palette.coast, 'line-width': 0.8 } },
    config.tile_url
      ? {
          id: 'tiles',
          type: 'raster',
          source: 'tiles',
          paint:
            theme === 'dark'
              ? { 'raster-brightness-max': 0.55, 'raster-saturation': -0.5 }
              : { 'raster-saturation': -0.25 },
        }
      : { id: 'grid', type: 'line', source: 'grid', paint: { 'line-color': palette.grid, 'line-width': 1 } },
  ];
}

const MARKER_SIZE = ['interpolate', ['linear'], ['zoom'], 6, 0.5, 11, 0.8, 14, 1] as unknown as number;

/** Lines of latitude and longitude over what is seen, some eight across: without tiles they give scale and motion. */
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

const GRID_STEPS_DEG = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];
