/** The route shapes to draw. */

import { queryOptions } from '@tanstack/react-query';
import type * as GeoJSON from 'geojson';
import { request } from './request';

export type Routes = GeoJSON.FeatureCollection & { attribution?: string };

/** Null when the server has no routes, or they can't be read: the map shows none. */
async function getRoutes(): Promise<Routes | null> {
  try {
    const routes: unknown = await (await request('/app/routes.geojson')).json();
    return isCollection(routes) && routes.features.length > 0 ? routes : null;
  } catch {
    return null;
  }
}

export const routesQuery = queryOptions({
  queryKey: ['routes'],
  queryFn: getRoutes,
  staleTime: Number.POSITIVE_INFINITY,
});

function isCollection(value: unknown): value is Routes {
  return Array.isArray((Object(value) as { features?: unknown }).features);
}
