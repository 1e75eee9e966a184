/** Where a parcel's drivers were while they carried it. */

import { queryOptions } from '@tanstack/react-query';
import type * as GeoJSON from 'geojson';
import { request } from '../../../lib/api/request';

/** A GeoJSON position: longitude, latitude. */
export type PathPoint = [number, number];

/** Oldest first; empty if the path can't be read. The server sends GeoJSON in one piece. */
async function getParcelPath(id: number): Promise<PathPoint[]> {
  try {
    return pointsOf(await (await request(`/api/v1/parcels/${id}/path?format=geojson`)).json());
  } catch {
    return [];
  }
}

export const parcelPathQuery = (id: number) =>
  queryOptions({ queryKey: ['parcel', id, 'path'], queryFn: () => getParcelPath(id) });

function pointsOf({ features }: GeoJSON.FeatureCollection): PathPoint[] {
  return features.flatMap(({ geometry }) => {
    if (geometry.type !== 'Point') return [];
    const [longitude, latitude] = geometry.coordinates;
    return longitude === undefined || latitude === undefined ? [] : [[longitude, latitude]];
  });
}
