/** Owns the fleet's map: draws the vehicles, moves their markers smoothly, follows one, and reports which ones were clicked. */

import type { Box, Cluster } from '@milepost/client/live';
import type { Map as MapLibreMap } from 'maplibre-gl';
import type { AppConfig } from '../../lib/api/get-config';
import type { Routes } from '../../lib/api/get-routes';
import type { Fleet, LiveVehicle } from '../../lib/live/fleet';
import type { Crowd } from '../../lib/live/large-fleet';
import { CLOSE_ZOOM, createMap } from '../../lib/map/create-map';
import { Glider } from '../../lib/map/glide';
import type { StatusGroup, Theme } from '../../lib/map/palette';
import { signOf } from '../../lib/map/signs';
import type { Place } from '../../lib/map/sphere';
import { statusGroup } from '../../lib/status';
import { serverNowMs } from '../../lib/time/server-clock';
import { CLUSTERS_UNTIL_ZOOM, type Clustered, Clusters } from './clusters';
import { CountedClusters } from './counted-clusters';
import { boundsOf } from './fleet-bounds';
import { mapStyle } from './fleet-style';
import { LabelPlates } from './label-plates';
import { MapImages } from './map-images';
import { bodyImage, signImage } from './marker';
import { type Atlas, drawAtlas } from './sprites';
import { LAYER_ID, type Marker, VehicleLayer } from './vehicle-layer';

/** Vehicles turn hollow as time passes, so the map is redrawn at least this often. */
const RENEW_EVERY_MS = 5_000;
/** Time between frames while markers glide. */
const GLIDE_FRAME_MS = 33;
/** The changes of more vehicles than this are gathered for so long. */
const MANY_VEHICLES = 1_000;
const GATHER_MS = 250;
/** How soon what lags behind the markers is drawn again: label plates, clusters. */
const SLOW_MS = 500;
/** While the map is moved, a large fleet's view follows it this often. */
const VIEW_MS = 250;

export interface FleetMapOptions {
  container: HTMLElement;
  fleet: Fleet;
  theme: Theme;
  config: AppConfig;
  routes: Routes | null;
  onSelect: (id: string | null) => void;
  /** Several vehicles stand on the spot that was clicked. */
  onSpot: (ids: string[]) => void;
  /** So do more than can be drawn, somewhere in this part of the map. */
  onCrowdedSpot: (box: Cluster['box']) => void;
  /** The user has moved the map, so that it no longer follows. */
  onFollowEnd: () => void;
}

export class FleetMap {
  private readonly map: MapLibreMap;
  private readonly glider = new Glider();
  private readonly reducedMotion = window.matchMedia('(prefers-reduced-motion: reduce)');
  private readonly stops: (() => void)[] = [];
  private selectedId: string | null = null;
  private theme: Theme;
  private isReady = false;
  private isDirty = true;
  /** Vehicles that have changed since they were drawn. */
  private readonly changed = new Set<string>();
  /** What each vehicle that is drawn looks like. */
  private readonly looks = new Map<string, Look>();
  private hasFitted = false;
  private timer: number | null = null;
  private renewedMs = Number.NEGATIVE_INFINITY;
  /** When the last marker has come to its place. */
  private movingUntilMs = Number.NEGATIVE_INFINITY;
  private bottomPaddingPx = 0;
  private shown: ReadonlySet<string> | null = null;
  private followedId: string | null = null;
  /** True while the map moves because it follows. */
  private isFollowing = false;
  /** Metres of a pixel in the middle of the map. */
  private pixelM = 1;
  private drawnCount = 0;
  /** Vehicles have changed since the clusters were made. */
  private areClustersOld = false;
  private atlas: Atlas;
  private readonly layer: VehicleLayer;
  private readonly clusters: Clusters;
  private readonly counted: CountedClusters;
  private readonly images: MapImages;
  private readonly plates: LabelPlates;
  /** What is followed of a large fleet; null while all vehicles are. */
  private crowd: Crowd | null = null;
  private viewedMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: FleetMapOptions) {
    this.theme = options.theme;
    this.atlas = drawAtlas(options.theme);
    this.layer = new VehicleLayer(this.atlas);
    this.map = createMap(options.container, mapStyle(options.theme, options.config, options.routes));
    this.images = new MapImages(this.map, options.theme);
    this.plates = new LabelPlates(this.map, this.glider);
    this.clusters = new Clusters(this.map, options.onSpot);
    this.counted = new CountedClusters(this.map, options.onCrowdedSpot, () => !this.reducedMotion.matches);
    this.map.on('dragstart', (event) => {
      if (this.followedId === null || !event.originalEvent) return;
      this.followedId = null;
      options.onFollowEnd();
    });
    this.map.on('move', () => this.moveView(VIEW_MS));
    this.map.on('moveend', () => {
      this.moveView(0);
      if (!this.isFollowing) this.redraw();
    });
    this.map.on('load', () => {
      this.isReady = true;
      this.addLayer();
      this.clusters.reset();
      this.counted.reset();
      this.fit(false);
      this.invalidate();
    });
    this.map.on('click', ({ point }) => {
      const ids = this.idsAt(point);
      if (ids.length > 1) options.onSpot(ids);
      else if (ids[0] !== undefined) options.onSelect(ids[0]);
      else if (!this.clusters.isAt(point)) options.onSelect(null);
    });
    this.map.on('mousemove', ({ point }) => {
      if (this.isFar() || this.counted.areShown) return; // clusters have a cursor of their own
      this.map.getCanvas().style.cursor = this.layer.at(point, 0, performance.now()).length > 0 ? 'pointer' : '';
    });
    this.stops.push(
      options.fleet.subscribe((id) => {
        if (id === null) return this.invalidate();
        this.changed.add(id);
        this.plan(0);
      }),
    );
    const renewal = window.setInterval(() => this.invalidate(), RENEW_EVERY_MS);
    this.stops.push(() => window.clearInterval(renewal));
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    this.crowd?.close();
    if (this.timer !== null) window.clearTimeout(this.timer);
    this.isReady = false;
    this.map.remove();
  }

  setTheme(theme: Theme): void {
    if (theme === this.theme) return;
    this.theme = theme;
    this.isReady = false;
    this.images.reset(theme);
    this.map.setStyle(mapStyle(theme, this.options.config, this.options.routes), { diff: false });
    void this.map.once('styledata').then(() => {
      this.isReady = true;
      this.addLayer();
      this.clusters.reset();
      this.counted.reset();
      this.invalidate();
    });
  }

  /** The fleet is large: what the map shows of it is followed, and no more. */
  setCrowd(openView: (box: Box) => Crowd): void {
    this.crowd?.close();
    // Of the whole world, so that it is seen where the fleet is.
    const crowd = openView(WORLD);
    this.hasFitted = false;
    this.crowd = crowd;
    const stop = crowd.subscribe(() => this.invalidate());
    this.stops.push(stop);
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
    if (ids === null && this.shown === null) return;
    this.shown = ids;
    this.invalidate();
  }

  /** Shows every vehicle, or every route if there are none. */
  fit(animate = true): void {
    const bounds = boundsOf(this.places(), this.options.routes);
    if (!bounds) return;
    this.map.fitBounds(bounds, {
      padding: { top: 60, left: 60, right: 60, bottom: 60 + this.bottomPaddingPx },
      maxZoom: CLOSE_ZOOM,
      animate: animate && !this.reducedMotion.matches,
    });
  }

  /** Of the vehicles, and of the clusters that stand for them. */
  private *places(): Iterable<Place> {
    for (const { id, fix } of this.options.fleet.all()) if (fix && this.isShown(id)) yield fix;
    if (!this.isCrowd()) return;
    for (const { lon, lat } of this.crowd?.clusters()?.values() ?? []) yield { longitude: lon, latitude: lat };
  }

  /** Keeps this many pixels at the map's bottom free, for the phone's sheet. */
  setBottomPadding(px: number): void {
    this.bottomPaddingPx = px;
  }

  /** Draws now, although the next frame is not due. */
  private redraw(): void {
    this.renewedMs = Number.NEGATIVE_INFINITY;
    this.plates.hurry();
    this.invalidate();
  }

  private invalidate(): void {
    this.isDirty = true;
    this.plan(0);
  }

  private plan(delayMs: number): void {
    if (this.timer !== null || !this.isReady) return;
    this.timer = window.setTimeout(() => requestAnimationFrame(this.tick), delayMs);
  }

  /** One frame. Markers move by themselves in the layer; here they are renewed, and what follows them is moved. */
  private readonly tick = (): void => {
    this.timer = null;
    if (!this.isReady) return;
    const nowMs = performance.now();
    this.pixelM = this.metresPerPixel();
    try {
      if (this.isDirty && nowMs >= this.renewedMs + this.renewEveryMs()) this.renew(nowMs);
      else if (this.changed.size > 0) this.renewChanged(nowMs);
      this.showClusters(nowMs);
      this.keepFollowed(nowMs);
      this.plates.show(() => this.drawn(), nowMs);
      this.map.triggerRepaint();
      this.fitOnce();
    } catch (error) {
      console.warn('a frame of the map was not drawn', error);
    }
    // The plates that lag behind their markers come to the same place.
    const isTagged = this.plates.areAt(this.movingUntilMs);
    if (nowMs < this.movingUntilMs) this.plan(GLIDE_FRAME_MS);
    else if (this.isDirty) this.plan(Math.max(GLIDE_FRAME_MS, this.renewedMs + this.renewEveryMs() - nowMs));
    else if (!isTagged) this.plan(SLOW_MS);
    else if (this.changed.size > 0) this.plan(GLIDE_FRAME_MS);
    else if (this.areClustersOld) this.plan(SLOW_MS);
  };

  /** A large fleet changes all the time: its changes are gathered. */
  private renewEveryMs(): number {
    return this.options.fleet.size > MANY_VEHICLES ? GATHER_MS : 0;
  }

  private isShown(id: string): boolean {
    return this.shown === null || this.shown.has(id);
  }

  /** Whether clusters stand for the vehicles at this zoom. */
  private isFar(): boolean {
    return this.clusters.wants(this.drawnCount) && this.map.getZoom() < CLUSTERS_UNTIL_ZOOM;
  }

  /** Tells the layer where every vehicle is and where it goes. */
  private renew(nowMs: number): void {
    this.isDirty = false;
    this.renewedMs = nowMs;
    this.changed.clear();
    this.areClustersOld = true;
    this.looks.clear();
    this.movingUntilMs = Number.NEGATIVE_INFINITY;
    const serverMs = serverNowMs();
    const shown: LiveVehicle[] = [];
    for (const vehicle of this.drawn()) {
      if (!vehicle.fix) continue;
      this.looks.set(vehicle.id, this.lookOf(vehicle, serverMs));
      shown.push(vehicle);
    }
    this.glider.keepOnly(this.looks);
    this.drawnCount = shown.length;
    // Sorting keeps the order of the others, so that none flickers over another.
    const orderOf = ({ id }: LiveVehicle) => this.looks.get(id)?.order ?? 0;
    shown.sort((a, b) => orderOf(a) - orderOf(b));
    const isFar = this.isFar();
    const markers: Marker[] = [];
    for (const vehicle of shown) {
      const marker = this.markerOf(vehicle, nowMs);
      // While clusters stand for the others, only the selected vehicle is drawn by itself.
      if (marker && (!isFar || marker.isSelected)) markers.push(marker);
    }
    this.layer.setMarkers(markers, nowMs);
  }

  /** The same for those that have changed, if each keeps its place among the others. */
  private renewChanged(nowMs: number): void {
    const serverMs = serverNowMs();
    const isFar = this.isFar();
    for (const id of this.changed) {
      const vehicle = this.options.fleet.get(id);
      const look = this.looks.get(id);
      // Which ones of a large fleet are drawn, its view tells.
      const isDrawn = vehicle?.fix != null && this.isShown(id) && (!this.isCrowd() || look !== undefined);
      const isSame = isDrawn === (look !== undefined);
      if (!isSame || (vehicle && look && this.lookOf(vehicle, serverMs).order !== look.order)) {
        this.isDirty = true;
        continue;
      }
      if (!vehicle || !look) continue;
      this.looks.set(id, this.lookOf(vehicle, serverMs));
      const marker = this.markerOf(vehicle, nowMs);
      if (marker && (!isFar || marker.isSelected)) this.layer.change(marker);
    }
    this.areClustersOld = true;
    this.changed.clear();
  }

  private lookOf(vehicle: LiveVehicle, serverMs: number): Look {
    const group = statusGroup(vehicle.status);
    const stale = this.options.fleet.freshness(vehicle, serverMs) !== 'live';
    const order = vehicle.id === this.selectedId ? SELECTED : group === 'alarm' ? 2 : stale ? 0 : 1;
    return { group, stale, order };
  }

  private markerOf(vehicle: LiveVehicle, nowMs: number): Marker | null {
    const { id, kind, fix } = vehicle;
    const look = this.looks.get(id);
    if (!fix || !look) return null;
    this.glider.moveTo(id, fix, nowMs, !this.reducedMotion.matches);
    const track = this.glider.track(id);
    if (!track) return null;
    const { from, to, startMs, durationMs, lengthM } = track;
    const endMs = startMs + durationMs;
    if (endMs > this.movingUntilMs && lengthM >= this.pixelM) this.movingUntilMs = endMs;
    const body = this.atlas.cellOf(bodyImage(look.group, look.stale, to.headingDeg !== null));
    const sign = this.atlas.cellOf(signImage(signOf(look.group, kind), look.stale));
    return { id, from, to, startMs, durationMs, body, sign, isSelected: look.order === SELECTED };
  }

  /** Whether the view of a large fleet decides what is drawn. */
  private isCrowd(): boolean {
    return this.crowd !== null && this.shown === null;
  }

  /** The vehicles that are drawn, as far as they have a place. */
  private *drawn(): Iterable<LiveVehicle> {
    const { fleet } = this.options;
    if (!this.crowd || this.shown !== null) {
      for (const vehicle of fleet.all()) if (this.isShown(vehicle.id)) yield vehicle;
      return;
    }
    const ids = new Set(this.crowd.ids());
    if (this.selectedId !== null) ids.add(this.selectedId);
    for (const id of ids) {
      const vehicle = fleet.get(id);
      if (vehicle) yield vehicle;
    }
  }

  private box(): Box {
    const [[west, south], [east, north]] = this.map.getBounds().toArray();
    return east - west >= 360 ? [-180, south, 180, north] : [west, south, east, north];
  }

  /** Tells a large fleet what the map shows now, if that is so long ago. */
  private moveView(everyMs: number): void {
    const nowMs = performance.now();
    if (!this.crowd || nowMs < this.viewedMs + everyMs) return;
    this.viewedMs = nowMs;
    this.crowd.moveTo(this.box());
  }

  private showClusters(nowMs: number): void {
    this.images.trim();
    this.counted.show(this.isCrowd() ? (this.crowd?.clusters() ?? null) : null);
    const wants = this.clusters.wants(this.drawnCount);
    if (this.clusters.show(wants ? () => this.clustered() : null, nowMs)) this.areClustersOld = false;
  }

  /** What clusters are made of: where the vehicles go. */
  private *clustered(): Iterable<Clustered> {
    for (const [id, { group, stale }] of this.looks) {
      const to = this.glider.track(id)?.to;
      if (!to) continue;
      yield { id, place: to, body: bodyImage(group, stale, to.headingDeg !== null), group: stale ? 'stale' : group };
    }
  }

  private keepFollowed(nowMs: number): void {
    if (this.followedId === null || this.map.isMoving()) return;
    const pose = this.glider.pose(this.followedId, nowMs);
    if (!pose) return;
    const { lng, lat } = this.map.getCenter();
    if (Math.abs(lng - pose.longitude) < 1e-7 && Math.abs(lat - pose.latitude) < 1e-7) return;
    this.isFollowing = true;
    this.map.jumpTo({ center: [pose.longitude, pose.latitude] });
    this.isFollowing = false;
  }

  private metresPerPixel(): number {
    const EQUATOR_M_PER_PX = 78_271.5; // at zoom 0, where the world is 512 px wide
    return (EQUATOR_M_PER_PX * Math.cos((this.map.getCenter().lat * Math.PI) / 180)) / 2 ** this.map.getZoom();
  }

  private fitOnce(): void {
    if (this.hasFitted || !this.hasPlaces()) return;
    this.hasFitted = true;
    window.setTimeout(() => this.isReady && this.fit(false), 250); // the first updates come in a burst
  }

  /** A large fleet is listed page by page: its view knows sooner where it is. */
  private hasPlaces(): boolean {
    if (this.isCrowd()) return (this.crowd?.clusters()?.size ?? 0) > 0 || this.drawnCount > 0;
    return this.options.fleet.all().some(({ fix }) => fix);
  }

  /** Those at a point, as they are drawn. */
  private idsAt(point: { x: number; y: number }): string[] {
    const reachPx = 8; // a finger is wider than a pointer
    const ids = this.layer.at(point, reachPx, performance.now());
    if (!this.isFar()) return ids;
    const box: [[number, number], [number, number]] = [
      [point.x - reachPx, point.y - reachPx],
      [point.x + reachPx, point.y + reachPx],
    ];
    const lone = this.map.queryRenderedFeatures(box, { layers: ['lone-body'] });
    return [...new Set([...ids, ...lone.flatMap(({ properties: { id } }) => (typeof id === 'string' ? [id] : []))])];
  }

  /** Custom layers don't belong to the style: they are added to each one. */
  private addLayer(): void {
    this.atlas = drawAtlas(this.theme);
    this.layer.setAtlas(this.atlas);
    if (!this.map.getLayer(LAYER_ID)) this.map.addLayer(this.layer, 'lone-body');
  }
}

const WORLD: Box = [-180, -85, 180, 85];

interface Look {
  group: StatusGroup;
  stale: boolean;
  /** Higher ones lie above. */
  order: number;
}

/** The order of the selected vehicle. */
const SELECTED = 3;
