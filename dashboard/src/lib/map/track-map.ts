/** Owns a map of driven paths: paths coloured by speed, stops, areas, and markers that a timeline moves. */

import type * as GeoJSON from 'geojson';
import { type GeoJSONSource, LngLatBounds, type Map as MapLibreMap, Marker } from 'maplibre-gl';
import type { AppConfig } from '../api/get-config';
import { createMap } from './create-map';
import type { Theme } from './palette';
import { type Place, turnDeg } from './sphere';
import { trackStyle } from './track-style';

export interface TrackMapOptions {
  container: HTMLElement;
  theme: Theme;
  config: AppConfig;
  /** Called with the index of the path and of its piece that was clicked. */
  onPath?: (path: number, piece: number) => void;
  onArea?: (id: number | null) => void;
}

/** A piece of a path in one colour. */
export interface PathPiece {
  path: number;
  /** Counts the pieces of the path. */
  piece: number;
  colour: string;
  places: Place[];
}

export interface TrackMarker extends Place {
  id: string;
  label: string;
  colour: string;
  headingDeg: number | null;
  isHollow: boolean;
}

export class TrackMap {
  readonly map: MapLibreMap;
  private readonly reducedMotion = window.matchMedia('(prefers-reduced-motion: reduce)');
  private readonly markers = new Map<string, Marker>();
  private data: Record<'areas' | 'path' | 'stops', GeoJSON.Feature[]> = { areas: [], path: [], stops: [] };
  private isReady = false;
  private theme: Theme;

  constructor(private readonly options: TrackMapOptions) {
    this.theme = options.theme;
    this.map = createMap(options.container, trackStyle(options.theme, options.config));
    this.map.on('load', () => this.draw());
    this.map.on('click', ({ point }) => {
      const reach = 6;
      const box: [[number, number], [number, number]] = [
        [point.x - reach, point.y - reach],
        [point.x + reach, point.y + reach],
      ];
      const piece = this.map.queryRenderedFeatures(box, { layers: ['path'] })[0]?.properties;
      if (piece && options.onPath) return options.onPath(Number(piece.path), Number(piece.piece));
      if (!options.onArea) return;
      const area = this.map.queryRenderedFeatures(point, { layers: ['areas-fill'] })[0];
      options.onArea(area ? Number(area.properties.id) : null);
    });
  }

  destroy(): void {
    this.isReady = false;
    this.map.remove();
  }

  setTheme(theme: Theme): void {
    if (theme === this.theme) return;
    this.theme = theme;
    this.isReady = false;
    this.map.setStyle(trackStyle(theme, this.options.config), { diff: false });
    void this.map.once('styledata').then(() => this.draw());
  }

  setPaths(pieces: PathPiece[]): void {
    this.set(
      'path',
      pieces
        .filter(({ places }) => places.length > 1)
        .map(({ path, piece, colour, places }) => ({
          type: 'Feature',
          properties: { path, piece, colour },
          geometry: { type: 'LineString', coordinates: lineOf(places) },
        })),
    );
  }

  setStops(stops: Place[]): void {
    this.set(
      'stops',
      stops.map(({ latitude, longitude }) => ({
        type: 'Feature',
        properties: {},
        geometry: { type: 'Point', coordinates: [longitude, latitude] },
      })),
    );
  }

  setAreas(areas: GeoJSON.Feature[]): void {
    this.set('areas', areas);
  }

  setMarkers(markers: TrackMarker[]): void {
    const wanted = new Set(markers.map(({ id }) => id));
    for (const [id, marker] of this.markers) {
      if (wanted.has(id)) continue;
      marker.remove();
      this.markers.delete(id);
    }
    for (const each of markers) {
      let marker = this.markers.get(each.id);
      if (!marker) {
        marker = new Marker({ element: createElement(each.label) });
        this.markers.set(each.id, marker.setLngLat([each.longitude, each.latitude]).addTo(this.map));
      }
      marker.setLngLat([each.longitude, each.latitude]);
      const element = marker.getElement();
      element.style.setProperty('--tone', each.colour);
      element.dataset.hollow = String(each.isHollow);
      const arrow = element.querySelector<HTMLElement>('.track-arrow');
      if (arrow) {
        arrow.style.transform = `rotate(${each.headingDeg ?? 0}deg)`;
        arrow.style.visibility = each.headingDeg === null ? 'hidden' : 'visible';
      }
    }
  }

  /** Shows these places, or everything that is drawn. */
  fit(places?: Place[], animate = true): void {
    const bounds = new LngLatBounds();
    if (places) for (const { latitude, longitude } of places) bounds.extend([longitude, latitude]);
    else for (const feature of [...this.data.path, ...this.data.areas]) extend(bounds, feature.geometry);
    if (bounds.isEmpty()) return;
    this.map.fitBounds(bounds, { padding: 56, maxZoom: 15.5, animate: animate && !this.reducedMotion.matches });
  }

  /** Moves the map so that the place is in its middle, if it has left the inner part of the view. */
  keepInView(place: Place): void {
    const { x, y } = this.map.project([place.longitude, place.latitude]);
    const { clientWidth, clientHeight } = this.map.getContainer();
    const isInside = x > clientWidth * 0.2 && x < clientWidth * 0.8 && y > clientHeight * 0.2 && y < clientHeight * 0.8;
    if (!isInside) this.map.jumpTo({ center: [place.longitude, place.latitude] });
  }

  private set(source: 'areas' | 'path' | 'stops', features: GeoJSON.Feature[]): void {
    this.data[source] = features;
    if (this.isReady) void this.map.getSource<GeoJSONSource>(source)?.setData({ type: 'FeatureCollection', features });
  }

  private draw(): void {
    this.isReady = true;
    for (const source of ['areas', 'path', 'stops'] as const) this.set(source, this.data[source]);
  }
}

/** Across the antimeridian a line goes on past 180 instead of around the world. */
export function lineOf(places: Place[]): GeoJSON.Position[] {
  const line: GeoJSON.Position[] = [];
  let last: number | null = null;
  for (const { latitude, longitude } of places) {
    const x: number = last === null ? longitude : last + turnDeg(last, longitude);
    line.push([x, latitude]);
    last = x;
  }
  return line;
}

function extend(bounds: LngLatBounds, geometry: GeoJSON.Geometry): void {
  const visit = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] === 'number') bounds.extend([value[0], value[1] as number]);
    else value.forEach(visit);
  };
  if ('coordinates' in geometry) visit(geometry.coordinates);
}

function createElement(label: string): HTMLElement {
  const element = document.createElement('div');
  element.className = 'track-marker';
  element.setAttribute('role', 'img');
  element.setAttribute('aria-label', label);
  const arrow = document.createElement('span');
  arrow.className = 'track-arrow';
  const name = document.createElement('span');
  name.className = 'track-label';
  name.textContent = label;
  element.append(arrow, name);
  return element;
}
