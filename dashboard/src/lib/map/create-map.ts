/** Creates the MapLibre map of every page: flat, north up, with zoom buttons, a scale, and a grid that follows the view. */

import {
  type GeoJSONSource,
  Map as MapLibreMap,
  NavigationControl,
  ScaleControl,
  type StyleSpecification,
  setWorkerUrl,
} from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import { formatOf } from '../settings/format';
import { getSettings } from '../settings/settings';
import { gridLines } from './ground';

setWorkerUrl(new URL(workerUrl, window.location.href).href);

/** The closest zoom that a map chooses by itself. */
export const CLOSE_ZOOM = 15;

export function createMap(container: HTMLElement, style: StyleSpecification): MapLibreMap {
  const map = new MapLibreMap({
    container,
    style,
    center: [0, 25],
    zoom: 1.4,
    maxZoom: 19,
    fadeDuration: 0,
    attributionControl: false,
    pitchWithRotate: false,
    dragRotate: false,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
  const usesMiles = formatOf(getSettings(), navigator.language).speedUnit === 'mph';
  map.addControl(new ScaleControl({ maxWidth: 90, unit: usesMiles ? 'imperial' : 'metric' }), 'bottom-left');
  const drawGrid = () => {
    const bounds = map.getBounds();
    const lines = gridLines(bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth());
    void map.getSource<GeoJSONSource>('grid')?.setData(lines);
  };
  map.on('style.load', drawGrid);
  map.on('moveend', drawGrid);
  return map;
}
