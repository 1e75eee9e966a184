/** Owns the fleet's map: draws the vehicles, moves their markers smoothly, follows one, and reports which ones were clicked. */

import type * as GeoJSON from 'geojson';
import { type GeoJSONSource, LngLatBounds, type Map as MapLibreMap } from 'maplibre-gl';
import type { AppConfig } from '../../lib/api/get-config';
import type { Routes } from '../../lib/api/get-routes';
import type { Fleet } from '../../lib/live/fleet';
import { CLOSE_ZOOM, createMap } from '../../lib/map/create-map';
import { Glider } from '../../lib/map/glide';
import { PALETTES, type Theme } from '../../lib/map/palette';
import { SIGNS, type Sign, signOf } from '../../lib/map/signs';
import { STATUS_GROUPS, statusGroup } from '../../lib/status';
import { serverNowMs } from '../../lib/time/server-clock';
import { CLUSTERS_UNTIL_ZOOM, Clusters, isClusterImage } from './clusters';
import { mapStyle } from './fleet-style';
import { bodyImage, drawBody, drawSign, drawTag, MARKER_SCALE, MAX_TAGS, signImage } from './marker';

/** Vehicles turn hollow as time passes, so the map is redrawn at least this often. */
const RENEW_EVERY_MS = 5_000;
/** Time between frames while markers glide, and while they only step by less than is seen gliding. */
const GLIDE_FRAME_MS = 33;
const STEP_FRAME_MS = 250;
/** Time between frames while clusters stand for the vehicles. */
const CLUSTER_FRAME_MS = 1_000;
/** After each frame the map pauses this many times as long as the frame took, so that a large fleet leaves the page responsive. */
const REST_FACTOR = 2;
const MAX_REST_MS = 1_000;

export interface FleetMapOptions {
  container: HTMLElement;
  fleet: Fleet;
  theme: Theme;
  config: AppConfig;
  routes: Routes | null;
  onSelect: (id: string | null) => void;
  /** Several vehicles stand on the spot that was clicked. */
  onSpot: (ids: string[]) => void;
  /** The user has moved the map, so that it no longer follows. */
  onFollowEnd: () => void;
}

export class FleetMap {
  private readonly map: MapLibreMap;
  private readonly glider = new Glider();
  private readonly reducedMotion = window.matchMedia('(prefers-reduced-motion: reduce)');
  private readonly tags = new Set<string>();
  private readonly stops: (() => void)[] = [];
  private selectedId: string | null = null;
  private theme: Theme;
  private isReady = false;
  private isDrawing = false;
  private isDirty = true;
  private hasFitted = false;
  private lastFrameMs = 0;
  private restMs = 0;
  private bottomPaddingPx = 0;
  private shown: ReadonlySet<string> | null = null;
  private followedId: string | null = null;
  /** True while the map moves because it follows. */
  private isFollowing = false;
  private drawnCount = 0;
  private wake: () => void = () => undefined;
  private readonly clusters: Clusters;

  constructor(private readonly options: FleetMapOptions) {
    this.theme = options.theme;
    this.map = createMap(options.container, mapStyle(options.theme, options.config, options.routes));
    this.map.setMissingStyleImageResolver((id) => this.addImage(id));
    this.clusters = new Clusters(this.map, options.onSpot);
    this.map.on('dragstart', (event) => {
      if (this.followedId === null || !event.originalEvent) return;
      this.followedId = null;
      options.onFollowEnd();
    });
    this.map.on('moveend', () => {
      if (!this.isFollowing) this.redraw();
    });
    this.map.on('load', () => {
      this.isReady = true;
      this.clusters.reset();
      this.fit(false);
      this.invalidate();
    });
    this.map.on('click', ({ point }) => {
      const reach = 8; // px: a finger is wider than a pointer
      const box: [[number, number], [number, number]] = [
        [point.x - reach, point.y - reach],
        [point.x + reach, point.y + reach],
      ];
      const hits = this.map.queryRenderedFeatures(box, { layers: ['vehicle-body', 'lone-body'] });
      const ids = [...new Set(hits.flatMap(({ properties: { id } }) => (typeof id === 'string' ? [id] : [])))];
      if (ids.length > 1) options.onSpot(ids);
      else if (ids[0] !== undefined) options.onSelect(ids[0]);
      else if (!this.clusters.isAt(point)) options.onSelect(null);
    });
    this.map.on('mouseenter', 'vehicle-body', () => (this.map.getCanvas().style.cursor = 'pointer'));
    this.map.on('mouseleave', 'vehicle-body', () => (this.map.getCanvas().style.cursor = ''));
    this.stops.push(options.fleet.subscribe(() => this.invalidate()));
    const renewal = window.setInterval(() => this.invalidate(), RENEW_EVERY_MS);
    this.stops.push(() => window.clearInterval(renewal));
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    this.isReady = false;
    this.map.remove();
  }

  setTheme(theme: Theme): void {
    if (theme === this.theme) return;
    this.theme = theme;
    this.isReady = false;
    this.tags.clear();
    this.map.setStyle(mapStyle(theme, this.options.config, this.options.routes), { diff: false });
    void this.map.once('styledata').then(() => {
      this.isReady = true;
      this.clusters.reset();
      this.invalidate();
    });
  }

  /** Marks a vehicle as selected, and flies to it if `fly` is true. */
  select(id: string | null, fly: boolean): void {
    this.selectedId = id;
    this.invalidate();
    const fix = id === null ? null : this.options.fleet.get(id)?.fix;
    if (!fix || !fly) return;
    this.map.flyTo({
      center: [fix.longitude, fix.latitude],
      zoom: Math.max(this.map.getZoom(), CLOSE_ZOOM),
      padding: { top: 0, left: 0, right: 0, bottom: this.bottomPaddingPx },
      animate: !this.reducedMotion.matches,
      maxDuration: 1_800,
    });
  }

  /** Keeps this vehicle in the middle, until the user drags the map. */
  follow(id: string | null): void {
    this.followedId = id;
    if (id !== null) this.select(id, true);
  }

  /** Draws these vehicles alone; all if null. */
  show(ids: ReadonlySet<string> | null): void {
    this.shown = ids;
    this.invalidate();
  }

  /** Shows every vehicle, or every route if there are none. */
  fit(animate = true): void {
    const bounds = new LngLatBounds();
    for (const { id, fix } of this.options.fleet.all())
      if (fix && this.isShown(id)) bounds.extend([fix.longitude, fix.latitude]);
    if (bounds.isEmpty()) extendByRoutes(bounds, this.options.routes);
    if (bounds.isEmpty()) return;
    this.map.fitBounds(bounds, {
      padding: { top: 60, left: 60, right: 60, bottom: 60 + this.bottomPaddingPx },
      maxZoom: CLOSE_ZOOM,
      animate: animate && !this.reducedMotion.matches,
    });
  }

  /** Keeps this many pixels at the map's bottom free, for the phone's sheet. */
  setBottomPadding(px: number): void {
    this.bottomPaddingPx = px;
  }

  /** Draws now, although the next frame is not due. */
  private redraw(): void {
    this.restMs = 0;
    this.lastFrameMs = Number.NEGATIVE_INFINITY;
    this.wake();
    this.invalidate();
  }

  private invalidate(): void {
    this.isDirty = true;
    if (!this.isDrawing) void this.draw();
  }

  /** Draws until no marker moves. Each frame waits until the map's worker has finished the one before. */
  private async draw(): Promise<void> {
    if (!this.isReady) return;
    this.isDrawing = true;
    try {
      for (;;) {
        const isGliding = this.glider.isMoving(performance.now(), this.metresPerPixel());
        if (!isGliding && !this.isDirty) break;
        const usualMs = isGliding ? GLIDE_FRAME_MS : STEP_FRAME_MS;
        const frameMs = Math.max(this.restMs, this.isFar() ? CLUSTER_FRAME_MS : usualMs);
        const waitMs = this.lastFrameMs + frameMs - performance.now();
        if (waitMs > 4) await this.rest(waitMs);
        await nextFrame();
        if (!this.isReady) break;
        this.lastFrameMs = performance.now();
        this.isDirty = false;
        const source = this.map.getSource<GeoJSONSource>('vehicles');
        if (!source) break;
        const features = this.features(this.lastFrameMs);
        this.drawnCount = features.features.length;
        const isClustered = this.clusters.wants(this.drawnCount);
        this.clusters.show(isClustered ? features : null, this.lastFrameMs);
        if (!isClustered) await source.setData(features);
        else if (this.map.getZoom() >= CLUSTERS_UNTIL_ZOOM) await source.setData(this.inViewOf(features));
        else await source.setData(this.selectedOf(features));
        this.keepFollowed();
        this.restMs = Math.min(MAX_REST_MS, REST_FACTOR * (performance.now() - this.lastFrameMs));
        this.fitOnce();
      }
    } catch (error) {
      if (this.isReady) console.warn('a frame of the map was not drawn', error);
    } finally {
      this.isDrawing = false;
    }
  }

  private isShown(id: string): boolean {
    return this.shown === null || this.shown.has(id);
  }

  /** Whether clusters stand for the vehicles at this zoom. */
  private isFar(): boolean {
    return this.clusters.wants(this.drawnCount) && this.map.getZoom() < CLUSTERS_UNTIL_ZOOM;
  }

  /** Waits until the next frame is due, or until the map shows something else. */
  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = window.setTimeout(resolve, ms);
      this.wake = () => {
        window.clearTimeout(timer);
        resolve();
      };
    });
  }

  /** While clusters stand for the others, only the selected vehicle moves by itself. */
  private selectedOf({ features }: GeoJSON.FeatureCollection): GeoJSON.FeatureCollection {
    return { type: 'FeatureCollection', features: features.filter(({ properties }) => properties?.isSelected) };
  }

  /** Of a large fleet only those in sight are given to the map's worker, and those that may come into sight meanwhile. */
  private inViewOf({ features }: GeoJSON.FeatureCollection): GeoJSON.FeatureCollection {
    const bounds = this.map.getBounds();
    const reach = bounds.getNorth() - bounds.getSouth();
    const [west, south] = [bounds.getWest() - reach, bounds.getSouth() - reach / 2];
    const [east, north] = [bounds.getEast() + reach, bounds.getNorth() + reach / 2];
    const isNear = ({ geometry }: GeoJSON.Feature) => {
      const [x = 0, y = 0] = geometry.type === 'Point' ? geometry.coordinates : [];
      return x >= west && x <= east && y >= south && y <= north;
    };
    return { type: 'FeatureCollection', features: features.filter(isNear) };
  }

  private keepFollowed(): void {
    if (this.followedId === null || this.map.isMoving()) return;
    const pose = this.glider.pose(this.followedId, performance.now());
    if (!pose) return;
    this.isFollowing = true;
    this.map.jumpTo({ center: [pose.longitude, pose.latitude] });
    this.isFollowing = false;
  }

  private metresPerPixel(): number {
    const EQUATOR_M_PER_PX = 78_271.5; // at zoom 0, where the world is 512 px wide
    return (EQUATOR_M_PER_PX * Math.cos((this.map.getCenter().lat * Math.PI) / 180)) / 2 ** this.map.getZoom();
  }

  private fitOnce(): void {
    if (this.hasFitted || !this.options.fleet.all().some(({ fix }) => fix)) return;
    this.hasFitted = true;
    window.setTimeout(() => this.isReady && this.fit(false), 250); // the first updates come in a burst
  }

  private features(nowMs: number): GeoJSON.FeatureCollection {
    const serverMs = serverNowMs();
    const ids = new Set<string>();
    const features: GeoJSON.Feature[] = [];
    for (const vehicle of this.options.fleet.all()) {
      if (!vehicle.fix || !this.isShown(vehicle.id)) continue;
      ids.add(vehicle.id);
      this.glider.moveTo(vehicle.id, vehicle.fix, nowMs, !this.reducedMotion.matches);
      const pose = this.glider.pose(vehicle.id, nowMs);
      if (!pose) continue;
      const group = statusGroup(vehicle.status);
      const stale = this.options.fleet.freshness(vehicle, serverMs) !== 'live';
      const isSelected = vehicle.id === this.selectedId;
      features.push({
        type: 'Feature',
        geometry: { type: 'Point', coordinates: [pose.longitude, pose.latitude] },
        properties: {
          id: vehicle.id,
          label: vehicle.label,
          body: bodyImage(group, stale, pose.headingDeg !== null),
          sign: signImage(signOf(group, vehicle.kind), stale),
          heading: pose.headingDeg ?? 0,
          order: (isSelected ? 3 : group === 'alarm' ? 2 : stale ? 0 : 1) + ids.size / 1e6, // the count breaks ties the same way in all layers
          isSelected,
          group: stale ? 'stale' : group,
        },
      });
    }
    this.glider.keepOnly(ids);
    return { type: 'FeatureCollection', features };
  }

  private addImage(id: string): void {
    const image = this.drawImage(id);
    if (image && !this.map.hasImage(id)) this.map.addImage(id, image, { pixelRatio: MARKER_SCALE });
  }

  private drawImage(id: string): ImageData | null {
    const palette = PALETTES[this.theme];
    if (isClusterImage(id)) return this.clusters.draw(id, palette);
    if (id.startsWith('tag:')) {
      if (this.tags.size >= MAX_TAGS) return null;
      this.tags.add(id);
      return drawTag(id.slice(4), palette);
    }
    for (const stale of [false, true]) {
      for (const sign of Object.keys(SIGNS) as Sign[])
        if (id === signImage(sign, stale)) return drawSign(sign, stale ? palette.stale : palette.paper);
      for (const group of STATUS_GROUPS) {
        for (const nose of [false, true]) {
          const colour = stale ? palette.stale : palette.status[group];
          if (id === bodyImage(group, stale, nose)) return drawBody(colour, palette.paper, nose, stale);
        }
      }
    }
    return null;
  }
}

function extendByRoutes(bounds: LngLatBounds, routes: Routes | null): void {
  const visit = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] === 'number') bounds.extend([value[0], value[1] as number]);
    else value.forEach(visit);
  };
  for (const { geometry } of routes?.features ?? []) if ('coordinates' in geometry) visit(geometry.coordinates);
}

const nextFrame = () => new Promise<void>((resolve) => requestAnimationFrame(() => resolve()));
