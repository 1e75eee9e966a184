/** Owns the map of one trip: pickup, destination, and the vehicle, which moves smoothly from fix to fix. */

import type * as GeoJSON from 'geojson';
import { type GeoJSONSource, LngLatBounds, type Map as MapLibreMap, Marker } from 'maplibre-gl';
import type { AppConfig } from '../api/get-config';
import { CLOSE_ZOOM, createMap } from './create-map';
import { Glider, type Pose } from './glide';
import type { Theme } from './palette';
import { type Place, turnDeg } from './sphere';
import { createMark, MARK_OFFSETS, type TripMark } from './trip-marker';
import { tripStyle } from './trip-style';

/** After a user has moved the map, it does not follow the vehicle for this long. */
const HANDS_OFF_MS = 30_000;
/** The part of the view's width and height along the edges in which a vehicle counts as leaving. */
const EDGE_SHARE = 0.08;
/** The edge of web Mercator's square. */
const MAX_LATITUDE = 85.05;

export interface TripMapOptions {
  container: HTMLElement;
  theme: Theme;
  config: AppConfig;
}

export interface VehicleFix extends Place {
  atMs: number;
}

export class TripMap {
  private readonly map: MapLibreMap;
  private readonly glider = new Glider();
  private readonly reducedMotion = window.matchMedia('(prefers-reduced-motion: reduce)');
  private readonly marks = new Map<TripMark, { marker: Marker; place: Place }>();
  private vehicle: TripMark | null = null;
  private lastFix: VehicleFix | null = null;
  private fixCount = 0;
  private path: Place[] = [];
  private frame: number | null = null;
  private movedByHandAtMs = -HANDS_OFF_MS;
  private isReady = false;
  private theme: Theme;

  constructor(private readonly options: TripMapOptions) {
    this.theme = options.theme;
    this.map = createMap(options.container, tripStyle(options.theme, options.config));
    this.map.on('load', () => this.drawLines(true));
    this.map.on('movestart', (event) => {
      if (event.originalEvent) this.movedByHandAtMs = performance.now();
    });
    this.map.on('resize', () => this.movedByHandAtMs + HANDS_OFF_MS < performance.now() && this.fit(false));
  }

  destroy(): void {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.isReady = false;
    this.map.remove();
  }

  setTheme(theme: Theme): void {
    if (theme === this.theme) return;
    this.theme = theme;
    this.isReady = false;
    this.map.setStyle(tripStyle(theme, this.options.config), { diff: false });
    void this.map.once('styledata').then(() => this.drawLines(true));
  }

  /** Places a mark that does not move. */
  setPlace(mark: 'pickup' | 'destination', at: Place, label: string): void {
    const place = drawable(at);
    const known = this.marks.get(mark);
    if (known && known.place.latitude === place.latitude && known.place.longitude === place.longitude) return;
    this.put(mark, place, label);
    this.drawLines();
    this.fit(false);
  }

  /** Moves the vehicle; `isStale` greys it. */
  moveVehicle(mark: 'rider' | 'truck', at: VehicleFix, label: string, isStale: boolean): void {
    const fix = { ...drawable(at), atMs: at.atMs };
    const isFirst = this.vehicle === null;
    this.vehicle = mark;
    if (isFirst) this.put(mark, fix, label);
    this.marks.get(mark)?.marker.getElement().setAttribute('data-stale', String(isStale));
    if (this.lastFix && sameFix(this.lastFix, fix)) return;
    this.lastFix = fix;
    // Numbered instead of timed: where times are whole seconds, two fixes may have the same time.
    const goal = { ...fix, atMs: ++this.fixCount, headingDeg: null };
    this.glider.moveTo(mark, goal, performance.now(), !this.reducedMotion.matches);
    if (isFirst) this.fit(false);
    else this.keepInView(fix);
    this.frame ??= requestAnimationFrame(() => this.glide());
  }

  /** The path driven so far, oldest first. */
  setPath(path: Place[]): void {
    this.path = path.map(drawable);
    this.drawLines();
  }

  /** Shows the whole trip. */
  fit(animate = true): void {
    const places = [...this.marks.values()].map(({ place }) => place);
    const first = places[0];
    if (!first) return;
    const bounds = new LngLatBounds();
    for (const place of places) bounds.extend(beside(first, place));
    this.map.fitBounds(bounds, { padding: 56, maxZoom: CLOSE_ZOOM, animate: animate && !this.reducedMotion.matches });
  }

  private put(mark: TripMark, place: Place, label: string): void {
    this.marks.get(mark)?.marker.remove();
    const marker = new Marker({ element: createMark(mark, label), offset: MARK_OFFSETS[mark] });
    marker.setLngLat([place.longitude, place.latitude]).addTo(this.map);
    this.marks.set(mark, { marker, place });
  }

  private glide(): void {
    this.frame = null;
    const nowMs = performance.now();
    const held = this.vehicle === null ? undefined : this.marks.get(this.vehicle);
    const pose: Pose | null = this.vehicle === null ? null : this.glider.pose(this.vehicle, nowMs);
    if (!held || !pose) return;
    held.place = pose;
    held.marker.setLngLat([pose.longitude, pose.latitude]);
    this.drawLines();
    if (this.glider.isMoving(nowMs, 0)) this.frame = requestAnimationFrame(() => this.glide());
  }

  /** Follows only when the vehicle leaves the view: a map that stands still is easier to read. */
  private keepInView(place: Place): void {
    if (performance.now() - this.movedByHandAtMs < HANDS_OFF_MS) return;
    const { x, y } = this.map.project(beside({ latitude: 0, longitude: this.map.getCenter().lng }, place));
    const { clientWidth, clientHeight } = this.map.getContainer();
    const isInside = (at: number, length: number) => at > length * EDGE_SHARE && at < length * (1 - EDGE_SHARE);
    if (!isInside(x, clientWidth) || !isInside(y, clientHeight)) this.fit();
  }

  private drawLines(becomesReady = false): void {
    if (becomesReady) this.isReady = true;
    if (!this.isReady) return;
    const here = this.vehicle === null ? undefined : this.marks.get(this.vehicle)?.place;
    const goal = this.marks.get('destination')?.place;
    this.setLine('path', here && this.path.length > 0 ? [...this.path, here] : this.path);
    this.setLine('left', here && goal ? [here, goal] : []);
  }

  private setLine(source: 'path' | 'left', places: Place[]): void {
    const coordinates: GeoJSON.Position[] = [];
    let last = places[0];
    for (const place of places) {
      // Across the antimeridian a line continues past 180 instead of going around the world.
      const position = last ? beside(last, place) : [place.longitude, place.latitude];
      coordinates.push(position as GeoJSON.Position);
      last = { latitude: place.latitude, longitude: position[0] as number };
    }
    const features: GeoJSON.Feature[] =
      coordinates.length > 1
        ? [{ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } }]
        : [];
    void this.map.getSource<GeoJSONSource>(source)?.setData({ type: 'FeatureCollection', features });
  }
}

/** The map's projection ends before the poles. Points beyond its edge are drawn at the edge. */
function drawable({ latitude, longitude }: Place): Place {
  return { latitude: Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, latitude)), longitude };
}

function sameFix(a: VehicleFix, b: VehicleFix): boolean {
  return a.atMs === b.atMs && a.latitude === b.latitude && a.longitude === b.longitude;
}

/** The place's longitude and latitude, with the longitude nearest to that of `from`. */
function beside(from: Place, place: Place): [number, number] {
  return [from.longitude + turnDeg(from.longitude, place.longitude), place.latitude];
}
