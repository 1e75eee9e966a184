/** Owns the fleet's map: draws the buses, moves their markers smoothly, and reports which bus was clicked. */

import type * as GeoJSON from 'geojson';
import { type GeoJSONSource, LngLatBounds, type Map as MapLibreMap } from 'maplibre-gl';
import type { AppConfig } from '../../lib/api/get-config';
import { CLOSE_ZOOM, createMap } from '../../lib/map/create-map';
import { Glider } from '../../lib/map/glide';
import { PALETTES, type Theme } from '../../lib/map/palette';
import { isStale } from '../../lib/time/age';
import { serverNowMs } from '../../lib/time/server-clock';
import type { Routes } from './api/get-routes';
import type { Fleet } from './fleet';
import { mapStyle } from './fleet-style';
import { bodyImage, drawBody, drawSign, drawTag, MARKER_SCALE, MAX_TAGS, signImage } from './marker';
import { STATUS_GROUPS, statusGroup } from './status';

/** Buses turn grey as time passes, so the map is redrawn at least this often. */
const RENEW_EVERY_MS = 5_000;
/** Time between frames while markers glide, and while they only step by less than is seen gliding. */
const GLIDE_FRAME_MS = 33;
const STEP_FRAME_MS = 250;
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

  constructor(private readonly options: FleetMapOptions) {
    this.theme = options.theme;
    this.map = createMap(options.container, mapStyle(options.theme, options.config, options.routes));
    this.map.setMissingStyleImageResolver((id) => this.addImage(id));
    this.map.on('load', () => {
      this.isReady = true;
      this.fit(false);
      this.invalidate();
    });
    this.map.on('click', ({ point }) => {
      const reach = 8; // px: a finger is wider than a pointer
      const box: [[number, number], [number, number]] = [
        [point.x - reach, point.y - reach],
        [point.x + reach, point.y + reach],
      ];
      const hit = this.map.queryRenderedFeatures(box, { layers: ['bus-body'] })[0];
      options.onSelect(typeof hit?.properties.id === 'string' ? hit.properties.id : null);
    });
    this.map.on('mouseenter', 'bus-body', () => (this.map.getCanvas().style.cursor = 'pointer'));
    this.map.on('mouseleave', 'bus-body', () => (this.map.getCanvas().style.cursor = ''));
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
      this.invalidate();
    });
  }

  /** Marks a bus as selected, and flies to it if `fly` is true. */
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

  /** Shows every bus, or every route if there are no buses. */
  fit(animate = true): void {
    const bounds = new LngLatBounds();
    for (const { fix } of this.options.fleet.all()) if (fix) bounds.extend([fix.longitude, fix.latitude]);
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
        const frameMs = Math.max(this.restMs, isGliding ? GLIDE_FRAME_MS : STEP_FRAME_MS);
        const waitMs = this.lastFrameMs + frameMs - performance.now();
        if (waitMs > 4) await sleep(waitMs);
        await nextFrame();
        if (!this.isReady) break;
        this.lastFrameMs = performance.now();
        this.isDirty = false;
        const source = this.map.getSource<GeoJSONSource>('buses');
        if (!source) break;
        await source.setData(this.features(this.lastFrameMs));
        this.restMs = Math.min(MAX_REST_MS, REST_FACTOR * (performance.now() - this.lastFrameMs));
        this.fitOnce();
      }
    } catch (error) {
      if (this.isReady) console.warn('a frame of the map was not drawn', error);
    } finally {
      this.isDrawing = false;
    }
  }

  private metresPerPixel(): number {
    const EQUATOR_M_PER_PX = 78_271.5; // at zoom 0, where the world is 512 px wide
    return (EQUATOR_M_PER_PX * Math.cos((this.map.getCenter().lat * Math.PI) / 180)) / 2 ** this.map.getZoom();
  }

  private fitOnce(): void {
    if (this.hasFitted || !this.options.fleet.all().some((bus) => bus.fix)) return;
    this.hasFitted = true;
    window.setTimeout(() => this.isReady && this.fit(false), 250); // the first updates come in a burst
  }

  private features(nowMs: number): GeoJSON.FeatureCollection {
    const serverMs = serverNowMs();
    const ids = new Set<string>();
    const features: GeoJSON.Feature[] = [];
    for (const bus of this.options.fleet.all()) {
      if (!bus.fix) continue;
      ids.add(bus.id);
      this.glider.moveTo(bus.id, bus.fix, nowMs, !this.reducedMotion.matches);
      const pose = this.glider.pose(bus.id, nowMs);
      if (!pose) continue;
      const group = statusGroup(bus.status);
      const stale = isStale(bus.fix.atMs, serverMs);
      const isSelected = bus.id === this.selectedId;
      features.push({
        type: 'Feature',
        geometry: { type: 'Point', coordinates: [pose.longitude, pose.latitude] },
        properties: {
          id: bus.id,
          label: bus.label,
          body: bodyImage(group, stale, pose.headingDeg !== null),
          sign: signImage(group, stale),
          heading: pose.headingDeg ?? 0,
          order: (isSelected ? 3 : group === 'alarm' ? 2 : stale ? 0 : 1) + ids.size / 1e6, // the count breaks ties the same way in all layers
          isSelected,
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
    if (id.startsWith('tag:')) {
      if (this.tags.size >= MAX_TAGS) return null;
      this.tags.add(id);
      return drawTag(id.slice(4), palette);
    }
    for (const group of STATUS_GROUPS) {
      for (const stale of [false, true]) {
        const colour = stale ? palette.stale : palette.status[group];
        if (id === signImage(group, stale)) return drawSign(group, stale ? palette.stale : palette.paper);
        for (const nose of [false, true]) {
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

const sleep = (ms: number) => new Promise<void>((resolve) => window.setTimeout(resolve, ms));
const nextFrame = () => new Promise<void>((resolve) => requestAnimationFrame(() => resolve()));
