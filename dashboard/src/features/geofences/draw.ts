/** Draws a polygon on a map, or changes one. Loaded when somebody draws. */

import type { Map as MapLibreMap } from 'maplibre-gl';
import { type GeoJSONStoreFeatures, TerraDraw, TerraDrawPolygonMode, TerraDrawSelectMode } from 'terra-draw';
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter';
import type { Geometry } from '../../lib/map/area';

type Polygon = Extract<Geometry, { type: 'Polygon' }>;

export interface Drawing {
  /** The shape as it is now; null before the first is closed. */
  shape: () => Polygon | null;
  stop: () => void;
}

/** Clicks set corners; a double click, Enter or a click on the first corner closes the shape. */
export function drawPolygon(map: MapLibreMap, existing: Polygon | null, onShape: () => void): Drawing {
  const draw = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: 7 }),
    modes: [
      new TerraDrawPolygonMode({ showCoordinatePoints: true }),
      new TerraDrawSelectMode({
        flags: {
          polygon: { feature: { draggable: true, coordinates: { midpoints: true, draggable: true, deletable: true } } },
        },
      }),
    ],
  });
  draw.start();
  const edit = (id: string | number) => {
    draw.setMode('select');
    draw.selectFeature(id);
    onShape();
  };
  if (existing) {
    // Holes stay as they are: the outer ring is what is changed.
    const outer = existing.coordinates[0] as [number, number][];
    const feature = {
      type: 'Feature',
      properties: { mode: 'polygon' },
      geometry: { type: 'Polygon', coordinates: [outer] },
    };
    const [added] = draw.addFeatures([feature as unknown as GeoJSONStoreFeatures]);
    if (added?.valid && added.id !== undefined) edit(added.id);
    else draw.setMode('polygon');
  } else draw.setMode('polygon');
  draw.on('finish', (id, { action }) => {
    if (action === 'draw') edit(id);
    else onShape();
  });
  return {
    shape: () => {
      const found = draw.getSnapshot().find(({ geometry }) => geometry.type === 'Polygon');
      if (found?.geometry.type !== 'Polygon') return null;
      const [outer = []] = found.geometry.coordinates;
      return { type: 'Polygon', coordinates: [outer, ...(existing?.coordinates.slice(1) ?? [])] };
    },
    stop: () => {
      if (draw.enabled) draw.stop();
    },
  };
}
