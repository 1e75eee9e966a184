/** The clusters of a large fleet, which the server counts. A click goes nearer, until the vehicles come. */

import type { Cluster } from '@milepost/client/live';
import type * as GeoJSON from 'geojson';
import type { GeoJSONSource, LayerSpecification, Map as MapLibreMap, SourceSpecification } from 'maplibre-gl';
import { EMPTY } from '../../lib/map/ground';
import { statusGroup } from '../../lib/status';
import { CLUSTER_IMAGE, NO_COUNTS } from './cluster-image';

const SOURCE = 'counted';
export const COUNTED_LAYER = 'counted-cluster';
const PADDING_PX = 40;
/** A click goes at least so much nearer. */
const STEP_ZOOM = 1.5;
/** Vehicles that are too many from here stand on one spot. */
const SPOT_ZOOM = 18;

export function countedSource(): Record<string, SourceSpecification> {
  return { [SOURCE]: { type: 'geojson', data: EMPTY, tolerance: 0 } };
}

export function countedLayer(): LayerSpecification {
  return {
    id: COUNTED_LAYER,
    type: 'symbol',
    source: SOURCE,
    layout: {
      'icon-image': CLUSTER_IMAGE as unknown as string,
      'icon-allow-overlap': true,
      'icon-ignore-placement': true,
      'symbol-sort-key': ['get', 'count'],
    },
  };
}

export class CountedClusters {
  private clusters: ReadonlyMap<string, Cluster> | null = null;

  constructor(
    private readonly map: MapLibreMap,
    /** The vehicles of a cluster that no zoom parts. */
    private readonly onSpot: (box: Cluster['box']) => void,
    private readonly canAnimate: () => boolean,
  ) {
    map.on('click', COUNTED_LAYER, (event) => {
      const cluster = this.clusters?.get(String(event.features?.[0]?.properties?.id));
      if (cluster) this.open(cluster);
    });
    map.on('mouseenter', COUNTED_LAYER, () => (map.getCanvas().style.cursor = 'pointer'));
    map.on('mouseleave', COUNTED_LAYER, () => (map.getCanvas().style.cursor = ''));
  }

  get areShown(): boolean {
    return this.clusters !== null;
  }

  /** Null while there are vehicles. */
  show(clusters: ReadonlyMap<string, Cluster> | null): void {
    if (clusters === this.clusters) return;
    this.clusters = clusters;
    const features = [...(clusters?.values() ?? [])].map(featureOf);
    void this.map.getSource<GeoJSONSource>(SOURCE)?.setData({ type: 'FeatureCollection', features });
  }

  /** After another style has been set, which has no data. */
  reset(): void {
    this.clusters = null;
  }

  private open({ box: [west, south, east, north], lat, lon, box }: Cluster): void {
    const zoom = this.map.getZoom();
    if (zoom >= SPOT_ZOOM) {
      this.onSpot(box);
      return;
    }
    const whole = this.map.cameraForBounds([west, south, east, north], { padding: PADDING_PX, maxZoom: SPOT_ZOOM });
    const isNearer = whole?.zoom !== undefined && whole.zoom >= zoom + STEP_ZOOM;
    const camera = isNearer ? whole : { center: [lon, lat] as [number, number], zoom: zoom + STEP_ZOOM };
    this.map.easeTo({ ...camera, animate: this.canAnimate() });
  }
}

function featureOf({ id, count, lat, lon, status }: Cluster): GeoJSON.Feature {
  const counts: Record<string, number> = { ...NO_COUNTS };
  for (const [name, number] of Object.entries(status)) {
    const group = statusGroup(name);
    counts[group] = (counts[group] ?? 0) + number;
  }
  return {
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [lon, lat] },
    properties: { id, count, ...counts },
  };
}
