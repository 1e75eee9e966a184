/** The part of the map that holds a fleet, or its routes. */

import { LngLatBounds } from 'maplibre-gl';
import type { Routes } from '../../lib/api/get-routes';

/** Null if there is neither a place nor a route. */
export function boundsOf(
  places: Iterable<{ longitude: number; latitude: number }>,
  routes: Routes | null,
): LngLatBounds | null {
  const bounds = new LngLatBounds();
  for (const { longitude, latitude } of places) bounds.extend([longitude, latitude]);
  if (bounds.isEmpty()) extendByRoutes(bounds, routes);
  return bounds.isEmpty() ? null : bounds;
}

function extendByRoutes(bounds: LngLatBounds, routes: Routes | null): void {
  const visit = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] === 'number') bounds.extend([value[0], value[1] as number]);
    else value.forEach(visit);
  };
  for (const { geometry } of routes?.features ?? []) if ('coordinates' in geometry) visit(geometry.coordinates);
}
