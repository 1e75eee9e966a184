/** The label plates of the vehicles in sight, from near. They are drawn by the map, which keeps them apart. */

import type * as GeoJSON from 'geojson';
import type { GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl';
import type { LiveVehicle } from '../../lib/live/fleet';
import type { Glider } from '../../lib/map/glide';
import { TAGS_FROM_ZOOM } from './fleet-style';

/** How often they follow their markers, and when there are more than a few. */
const EVERY_MS = 33;
const SLOW_EVERY_MS = 500;
const FEW = 60;

export class LabelPlates {
  private shownMs = Number.NEGATIVE_INFINITY;
  private count = 0;

  constructor(
    private readonly map: MapLibreMap,
    private readonly glider: Glider,
  ) {}

  /** Whether they are where their markers are that have stopped at this time. */
  areAt(stoppedMs: number): boolean {
    return this.count === 0 || this.shownMs >= stoppedMs;
  }

  /** The next time they are drawn although it is not due. */
  hurry(): void {
    this.shownMs = Number.NEGATIVE_INFINITY;
  }

  show(vehicles: () => Iterable<LiveVehicle>, nowMs: number): void {
    const isNear = this.map.getZoom() >= TAGS_FROM_ZOOM;
    if (!isNear && this.count === 0) return;
    const everyMs = this.count > FEW ? SLOW_EVERY_MS : EVERY_MS;
    if (nowMs < this.shownMs + everyMs) return;
    this.shownMs = nowMs;
    const source = this.map.getSource<GeoJSONSource>('tags');
    if (!source) return;
    const features: GeoJSON.Feature[] = [];
    if (isNear) {
      const bounds = this.map.getBounds();
      for (const { id, label } of vehicles()) {
        const pose = this.glider.pose(id, nowMs);
        if (!pose || !bounds.contains([pose.longitude, pose.latitude])) continue;
        const geometry: GeoJSON.Point = { type: 'Point', coordinates: [pose.longitude, pose.latitude] };
        features.push({ type: 'Feature', geometry, properties: { label } });
      }
    }
    this.count = features.length;
    void source.setData({ type: 'FeatureCollection', features });
  }
}
