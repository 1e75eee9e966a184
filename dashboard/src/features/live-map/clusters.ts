/** Clusters of vehicles on a map that shows a large area, with counts by status. They are made anew once a second. */

import type * as GeoJSON from 'geojson';
import {
  type GeoJSONSource,
  type LayerSpecification,
  LngLatBounds,
  type Map as MapLibreMap,
  type PointLike,
  type SourceSpecification,
} from 'maplibre-gl';
import type { Pose } from '../../lib/map/glide';
import { EMPTY } from '../../lib/map/ground';
import type { Palette, StatusGroup } from '../../lib/map/palette';
import { MARKER_SCALE } from './marker';
import { xOf, yOf } from './vehicle-layer';

/** Fewer vehicles are drawn one by one at every zoom. */
const FROM_VEHICLES = 150;
export const CLUSTERS_UNTIL_ZOOM = 12;
const EVERY_MS = 1_000;
const SIDE_PX = 46;
/** Images kept; then all are drawn anew. */
const MAX_IMAGES = 400;
const GROUPS = ['alarm', 'late', 'service', 'waiting', 'out', 'stale'] as const;

/** Side of the cells of the map whose vehicles are one cluster. */
const CELL_PX = 64;
/** Vehicles that are this near to each other at the last zoom with clusters are not parted by zooming in. */
const SPOT_PX = 30;

export interface Clustered {
  id: string;
  place: Pose;
  /** The image of one that stands alone. */
  body: string;
  group: (typeof GROUPS)[number];
}

/** The vehicles of a cell. */
interface Cell {
  readonly members: Clustered[];
  readonly counts: Record<string, number>;
}

export function clusterSource(): Record<string, SourceSpecification> {
  return {
    clusters: { type: 'geojson', data: EMPTY, tolerance: 0 },
  };
}

export function clusterLayers(markerSize: unknown): LayerSpecification[] {
  const overlap = { 'icon-allow-overlap': true, 'icon-ignore-placement': true } as const;
  return [
    {
      id: 'lone-body',
      type: 'symbol',
      source: 'clusters',
      maxzoom: CLUSTERS_UNTIL_ZOOM,
      filter: ['!', ['has', 'point_count']],
      layout: {
        'icon-image': ['get', 'body'],
        'icon-rotate': ['get', 'heading'],
        'icon-rotation-alignment': 'map',
        'icon-size': markerSize as number,
        ...overlap,
      },
    },
    {
      id: 'cluster',
      type: 'symbol',
      source: 'clusters',
      maxzoom: CLUSTERS_UNTIL_ZOOM,
      filter: ['has', 'point_count'],
      layout: {
        'icon-image': ['concat', 'cluster', ...GROUPS.flatMap((group) => [':', ['get', group]])] as unknown as string,
        'symbol-sort-key': ['get', 'point_count'],
        ...overlap,
      },
    },
  ];
}

export const isClusterImage = (id: string): boolean => id.startsWith('cluster:');

export class Clusters {
  private isOn = false;
  private lastMs = Number.NEGATIVE_INFINITY;
  private lastZoom = 0;
  private images = new Set<string>();
  private cells = new Map<number, Cell>();

  constructor(
    private readonly map: MapLibreMap,
    private readonly onSpot: (ids: string[]) => void,
  ) {
    map.on('click', 'cluster', (event) => this.open(event.features?.[0]));
    map.on('mouseenter', 'cluster', () => (map.getCanvas().style.cursor = 'pointer'));
    map.on('mouseleave', 'cluster', () => (map.getCanvas().style.cursor = ''));
  }

  wants(vehicleCount: number): boolean {
    return vehicleCount >= FROM_VEHICLES;
  }

  isAt(point: PointLike): boolean {
    return this.map.queryRenderedFeatures(point, { layers: ['cluster'] }).length > 0;
  }

  /** Null when vehicles are drawn one by one. They are asked for only when it is time. Returns whether they are shown as they are. */
  show(vehicles: (() => Iterable<Clustered>) | null, nowMs: number): boolean {
    if (vehicles === null) {
      if (this.isOn) void this.source()?.setData(EMPTY);
      this.isOn = false;
      return true;
    }
    if (this.map.getZoom() >= CLUSTERS_UNTIL_ZOOM) return true;
    if (!this.isDue(nowMs)) return false;
    this.isOn = true;
    this.lastMs = nowMs;
    this.lastZoom = this.map.getZoom();
    if (this.images.size > MAX_IMAGES) this.forgetImages();
    this.cells = cellsOf(vehicles(), this.lastZoom);
    void this.source()?.setData({ type: 'FeatureCollection', features: [...this.cells].map(featureOf) });
    return true;
  }

  /** Whether they are a second old, or of another zoom. */
  private isDue(nowMs: number): boolean {
    return !this.isOn || nowMs - this.lastMs >= EVERY_MS || Math.abs(this.map.getZoom() - this.lastZoom) > 0.25;
  }

  /** After another style has been set, which has neither the data nor the images. */
  reset(): void {
    this.isOn = false;
    this.images.clear();
    this.lastMs = Number.NEGATIVE_INFINITY;
  }

  /** A ring whose parts are the shares of each status, around the number of vehicles. */
  draw(id: string, palette: Palette): ImageData | null {
    const counts = id.split(':').slice(1).map(Number);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = SIDE_PX * MARKER_SCALE;
    // Read back at once: quickly, if it is not on the graphics card.
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    if (!pen || !(total > 0)) return null;
    this.images.add(id);
    pen.scale(MARKER_SCALE, MARKER_SCALE);
    const centre = SIDE_PX / 2;
    pen.beginPath();
    pen.arc(centre, centre, 18, 0, 2 * Math.PI);
    pen.fillStyle = palette.paper;
    pen.shadowColor = 'rgb(0 0 0 / 0.3)';
    pen.shadowBlur = 5;
    pen.fill();
    pen.shadowColor = 'transparent';
    let angle = -Math.PI / 2;
    pen.lineWidth = 5;
    counts.forEach((count, index) => {
      const group = GROUPS[index] ?? 'service';
      const end = angle + (2 * Math.PI * count) / total;
      pen.beginPath();
      pen.arc(centre, centre, 17.5, angle, end);
      pen.strokeStyle = group === 'stale' ? palette.stale : palette.status[group as StatusGroup];
      pen.stroke();
      angle = end;
    });
    pen.fillStyle = palette.ink;
    pen.font = '650 12.5px system-ui, sans-serif';
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    pen.fillText(total >= 1_000 ? `${(total / 1_000).toFixed(1)}k` : String(total), centre, centre + 0.5);
    return pen.getImageData(0, 0, canvas.width, canvas.height);
  }

  /** Zooms to the vehicles of the cluster; those that no zoom parts are listed. */
  private open(feature: GeoJSON.Feature | undefined): void {
    const cell = this.cells.get(Number(feature?.properties?.cell));
    if (!cell) return;
    const bounds = new LngLatBounds();
    for (const { place } of cell.members) bounds.extend([place.longitude, place.latitude]);
    const world = WORLD_PX * 2 ** CLUSTERS_UNTIL_ZOOM;
    const [west, east, south, north] = [bounds.getWest(), bounds.getEast(), bounds.getSouth(), bounds.getNorth()];
    const sidePx = Math.max(xOf(east) - xOf(west), yOf(south) - yOf(north)) * world;
    if (sidePx < SPOT_PX) this.onSpot(cell.members.map(({ id }) => id));
    else this.map.fitBounds(bounds, { padding: 90, maxZoom: CLUSTERS_UNTIL_ZOOM + 0.2 });
  }

  private source(): GeoJSONSource | undefined {
    return this.map.getSource<GeoJSONSource>('clusters');
  }

  private forgetImages(): void {
    for (const id of this.images) if (this.map.hasImage(id)) this.map.removeImage(id);
    this.images.clear();
  }
}

const WORLD_PX = 512;

/** The cells at a zoom, by numbers. They lie still while the map is moved. */
export function cellsOf(vehicles: Iterable<Clustered>, zoom: number): Map<number, Cell> {
  const across = (WORLD_PX * 2 ** (Math.round(zoom * 2) / 2)) / CELL_PX;
  const cells = new Map<number, Cell>();
  for (const vehicle of vehicles) {
    const { place, group } = vehicle;
    const key = Math.floor(yOf(place.latitude) * across) * 1e6 + Math.floor(xOf(place.longitude) * across);
    const cell: Cell = cells.get(key) ?? { members: [], counts: {} };
    cells.set(key, cell);
    cell.members.push(vehicle);
    cell.counts[group] = (cell.counts[group] ?? 0) + 1;
  }
  return cells;
}

/** A cluster in the middle of its vehicles, or the one vehicle of a cell. */
function featureOf([cell, { members, counts }]: [number, Cell]): GeoJSON.Feature {
  const [sumX, sumY] = members.reduce(([x, y], { place }) => [x + place.longitude, y + place.latitude], [0, 0]);
  const coordinates = [sumX / members.length, sumY / members.length];
  const [first] = members;
  const properties =
    members.length === 1 && first
      ? { id: first.id, body: first.body, heading: first.place.headingDeg ?? 0 }
      : { cell, point_count: members.length, ...NO_COUNTS, ...counts };
  return { type: 'Feature', geometry: { type: 'Point', coordinates }, properties };
}

const NO_COUNTS = Object.fromEntries(GROUPS.map((group) => [group, 0]));
