/** Clusters of vehicles on a map that shows a large area, with counts by status. They are made anew once a second. */

import type * as GeoJSON from 'geojson';
import type {
  GeoJSONSource,
  LayerSpecification,
  Map as MapLibreMap,
  PointLike,
  SourceSpecification,
} from 'maplibre-gl';
import { EMPTY } from '../../lib/map/ground';
import type { Palette, StatusGroup } from '../../lib/map/palette';
import { MARKER_SCALE } from './marker';

/** Fewer vehicles are drawn one by one at every zoom. */
const FROM_VEHICLES = 150;
export const CLUSTERS_UNTIL_ZOOM = 12;
const EVERY_MS = 1_000;
const SIDE_PX = 46;
/** Images kept; then all are drawn anew. */
const MAX_IMAGES = 400;
const GROUPS = ['alarm', 'late', 'service', 'waiting', 'out', 'stale'] as const;

const sumOf = (group: string) => ['+', ['case', ['==', ['get', 'group'], group], 1, 0]];

export function clusterSource(): Record<string, SourceSpecification> {
  return {
    clusters: {
      type: 'geojson',
      data: EMPTY,
      cluster: true,
      clusterRadius: 46,
      clusterMaxZoom: CLUSTERS_UNTIL_ZOOM,
      clusterProperties: Object.fromEntries(GROUPS.map((group) => [group, sumOf(group)])),
    },
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
  private images = new Set<string>();

  constructor(
    private readonly map: MapLibreMap,
    private readonly onSpot: (ids: string[]) => void,
  ) {
    map.on('click', 'cluster', (event) => void this.open(event.features?.[0]));
    map.on('mouseenter', 'cluster', () => (map.getCanvas().style.cursor = 'pointer'));
    map.on('mouseleave', 'cluster', () => (map.getCanvas().style.cursor = ''));
  }

  wants(vehicleCount: number): boolean {
    return vehicleCount >= FROM_VEHICLES;
  }

  isAt(point: PointLike): boolean {
    return this.map.queryRenderedFeatures(point, { layers: ['cluster'] }).length > 0;
  }

  /** Null when vehicles are drawn one by one. */
  show(features: GeoJSON.FeatureCollection | null, nowMs: number): void {
    if (features === null) {
      if (this.isOn) void this.source()?.setData(EMPTY);
      this.isOn = false;
      return;
    }
    if (this.map.getZoom() >= CLUSTERS_UNTIL_ZOOM || (this.isOn && nowMs - this.lastMs < EVERY_MS)) return;
    this.isOn = true;
    this.lastMs = nowMs;
    if (this.images.size > MAX_IMAGES) this.forgetImages();
    void this.source()?.setData(features);
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
    const pen = canvas.getContext('2d');
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

  /** Zooms in until the cluster parts; vehicles that no zoom parts are listed. */
  private async open(feature: GeoJSON.Feature | undefined): Promise<void> {
    const source = this.source();
    const { cluster_id: id, point_count: size } = Object(feature?.properties) as Record<string, number>;
    if (!source || !feature || id === undefined || feature.geometry.type !== 'Point') return;
    const zoom = await source.getClusterExpansionZoom(id);
    if (zoom < CLUSTERS_UNTIL_ZOOM) {
      this.map.easeTo({ center: feature.geometry.coordinates as [number, number], zoom: zoom + 0.2 });
      return;
    }
    const leaves = await source.getClusterLeaves(id, size ?? 0, 0);
    this.onSpot(leaves.flatMap(({ properties }) => (typeof properties?.id === 'string' ? [properties.id] : [])));
  }

  private source(): GeoJSONSource | undefined {
    return this.map.getSource<GeoJSONSource>('clusters');
  }

  private forgetImages(): void {
    for (const id of this.images) if (this.map.hasImage(id)) this.map.removeImage(id);
    this.images.clear();
  }
}
