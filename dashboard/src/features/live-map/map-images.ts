/** Images of the map's style, drawn when they are needed: clusters, the vehicles that stand alone between them, label plates. */

import type { Map as MapLibreMap } from 'maplibre-gl';
import { PALETTES, type Palette, type Theme } from '../../lib/map/palette';
import { STATUS_GROUPS } from '../../lib/status';
import { drawCluster, isClusterImage } from './cluster-image';
import { bodyImage, drawTag, MARKER_SCALE, MAX_TAGS } from './marker';
import { bodyOf } from './sprites';

/** Images of clusters that are kept; then all are drawn anew. */
const MAX_CLUSTERS = 400;

export class MapImages {
  private readonly tags = new Set<string>();
  private readonly clusters = new Set<string>();

  constructor(
    private readonly map: MapLibreMap,
    public theme: Theme,
  ) {
    map.setMissingStyleImageResolver((id) => this.add(id));
  }

  /** After another style has been set, which has none. */
  reset(theme: Theme): void {
    this.theme = theme;
    this.tags.clear();
    this.clusters.clear();
  }

  /** To be called before other clusters are shown. */
  trim(): void {
    if (this.clusters.size <= MAX_CLUSTERS) return;
    for (const id of this.clusters) if (this.map.hasImage(id)) this.map.removeImage(id);
    this.clusters.clear();
  }

  private add(id: string): void {
    const image = this.draw(id, PALETTES[this.theme]);
    if (image && !this.map.hasImage(id)) this.map.addImage(id, image, { pixelRatio: MARKER_SCALE });
  }

  private draw(id: string, palette: Palette): ImageData | null {
    if (isClusterImage(id)) {
      this.clusters.add(id);
      return drawCluster(id, palette);
    }
    if (id.startsWith('tag:')) {
      if (this.tags.size >= MAX_TAGS) return null;
      this.tags.add(id);
      return drawTag(id.slice(4), palette);
    }
    for (const stale of [false, true]) {
      for (const group of STATUS_GROUPS) {
        for (const nose of [false, true])
          if (id === bodyImage(group, stale, nose)) return bodyOf(palette, group, stale, nose);
      }
    }
    return null;
  }
}
