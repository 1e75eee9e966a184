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
import { CLUSTER_IMAGE, type ClusterGroup, NO_COUNTS } from './cluster-image';
import { COUNTED_LAYER } from './counted-clusters';
import { xOf, yOf } from './vehicle-layer';

/** Fewer vehicles are drawn one by one at every zoom. */
const FROM_VEHICLES = 150;
export const CLUSTERS_UNTIL_ZOOM = 12;
const EVERY_MS = 1_000;

/** Side of the cells of the map whose vehicles are one cluster. */
const CELL_PX = 64;
/** Vehicles that are this near to each other at the last zoom with clusters are not parted by zooming in. */
const SPOT_PX = 30;

export interface Clustered {
  id: string;
  place: Pose;
  /** The image of one that stands alone. */
  body: string;
  group: ClusterGroup;
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
        'icon-image': CLUSTER_IMAGE as unknown as string,
        'symbol-sort-key': ['get', 'point_count'],
        ...overlap,
      },
    },
  ];
}

export class Clusters {
  private isOn = false;
  private lastMs = Number.NEGATIVE_INFINITY;
  private lastZoom = 0;
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
    return this.map.queryRenderedFeatures(point, { layers: ['cluster', COUNTED_LAYER] }).length > 0;
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
    this.cells = cellsOf(vehicles(), this.lastZoom);
    void this.source()?.setData({ type: 'FeatureCollection', features: [...this.cells].map(featureOf) });
    return true;
  }

  /** Whether they are a second old, or of another zoom. */
  private isDue(nowMs: number): boolean {
    return !this.isOn || nowMs - this.lastMs >= EVERY_MS || Math.abs(this.map.getZoom() - this.lastZoom) > 0.25;
  }

  /** After another style has been set, which has no data. */
  reset(): void {
    this.isOn = false;
    this.lastMs = Number.NEGATIVE_INFINITY;
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
