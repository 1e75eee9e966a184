/** Areas on the sphere, close enough for drawing and for counting who is inside now; the server decides what is told. */

import type { components } from '@milepost/client/rest';
import type * as GeoJSON from 'geojson';
import { distanceM, type Place, turnDeg } from './sphere';

export type Geometry = components['schemas']['Geometry'];

export interface Area {
  geometry: Geometry;
  radius_m?: number | null;
  width_m?: number | null;
}

const METRES_PER_DEGREE = 111_195;
const CIRCLE_CORNERS = 64;

/** What is drawn for an area: circles become polygons. */
export function shapeOf({ geometry, radius_m }: Area): GeoJSON.Geometry {
  if (geometry.type !== 'Point') return geometry as GeoJSON.Geometry;
  const [longitude = 0, latitude = 0] = geometry.coordinates;
  const corners = Array.from({ length: CIRCLE_CORNERS + 1 }, (_, index) => {
    const angle = (2 * Math.PI * index) / CIRCLE_CORNERS;
    const north = ((radius_m ?? 0) * Math.cos(angle)) / METRES_PER_DEGREE;
    const east = ((radius_m ?? 0) * Math.sin(angle)) / (METRES_PER_DEGREE * Math.cos((latitude * Math.PI) / 180));
    return [longitude + east, latitude + north];
  });
  return { type: 'Polygon', coordinates: [corners] };
}

export function isInside(area: Area, place: Place): boolean {
  const { geometry } = area;
  switch (geometry.type) {
    case 'Point': {
      const [longitude = 0, latitude = 0] = geometry.coordinates;
      return distanceM({ latitude, longitude }, place) <= (area.radius_m ?? 0);
    }
    case 'LineString':
      return distanceToLineM(geometry.coordinates, place) <= (area.width_m ?? 0);
    case 'Polygon':
      return isInRings(geometry.coordinates, place);
    case 'MultiPolygon':
      return geometry.coordinates.some((rings) => isInRings(rings, place));
  }
}

/** Inside an odd number of rings: a hole takes its part away. */
function isInRings(rings: number[][][], { latitude, longitude }: Place): boolean {
  let isIn = false;
  for (const ring of rings) {
    const corners = unrolled(ring, longitude);
    for (let index = 1; index < corners.length; index++) {
      const [x1, y1] = corners[index - 1] as [number, number];
      const [x2, y2] = corners[index] as [number, number];
      if (y1 > latitude === y2 > latitude) continue;
      const x = ((x2 - x1) * (latitude - y1)) / (y2 - y1) + x1;
      // A ring over the antimeridian may be drawn a turn further on than the place.
      for (const turn of [-360, 0, 360]) if (turn < x) isIn = !isIn;
    }
  }
  return isIn;
}

/** The closed ring in degrees east of a longitude, each corner beside the one before it. */
function unrolled(ring: number[][], from: number): [number, number][] {
  const corners: [number, number][] = [];
  for (const [longitude = 0, latitude = 0] of [...ring, ring[0] ?? []]) {
    const last = corners.at(-1);
    const before = last ? last[0] : 0;
    corners.push([before + turnDeg(from + before, longitude), latitude]);
  }
  return corners;
}

function distanceToLineM(line: number[][], { latitude, longitude }: Place): number {
  const squeeze = Math.cos((latitude * Math.PI) / 180);
  let least = Number.POSITIVE_INFINITY;
  for (let index = 1; index < line.length; index++) {
    const [ax, ay] = offset(line[index - 1], longitude);
    const [bx, by] = offset(line[index], longitude);
    const [x1, y1, x2, y2] = [ax * squeeze, ay - latitude, bx * squeeze, by - latitude];
    const length = (x2 - x1) ** 2 + (y2 - y1) ** 2;
    const t = length === 0 ? 0 : Math.max(0, Math.min(1, -(x1 * (x2 - x1) + y1 * (y2 - y1)) / length));
    least = Math.min(least, Math.hypot(x1 + t * (x2 - x1), y1 + t * (y2 - y1)) * METRES_PER_DEGREE);
  }
  return least;
}

/** Degrees east of a longitude, by the short way, and the latitude. */
function offset(position: number[] | undefined, from: number): [number, number] {
  return [turnDeg(from, position?.[0] ?? 0), position?.[1] ?? 0];
}

/** The shapes of a GeoJSON text with their names. Throws an Error if it is none. */
export function shapesOf(text: string): { name: string; geometry: Geometry }[] {
  const root: unknown = JSON.parse(text);
  const shapes: { name: string; geometry: Geometry }[] = [];
  const visit = (value: unknown, name: string): void => {
    const { type, features, geometry, geometries, properties, coordinates } = Object(value) as Record<string, unknown>;
    if (type === 'FeatureCollection' && Array.isArray(features)) for (const each of features) visit(each, '');
    if (type === 'GeometryCollection' && Array.isArray(geometries)) for (const each of geometries) visit(each, name);
    if (type === 'Feature') visit(geometry, nameOf(properties));
    if (typeof type === 'string' && SHAPES.has(type) && Array.isArray(coordinates))
      shapes.push({ name, geometry: { type, coordinates: flat(coordinates) } as Geometry });
  };
  visit(root, '');
  if (shapes.length === 0) throw new TypeError('no shapes');
  return shapes;
}

const SHAPES = new Set(['Polygon', 'MultiPolygon', 'Point', 'LineString']);

/** Heights are left out: positions have two numbers. */
function flat(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return typeof value[0] === 'number' ? value.slice(0, 2) : value.map(flat);
}

function nameOf(properties: unknown): string {
  const { name, Name, title } = Object(properties) as Record<string, unknown>;
  const found = [name, Name, title].find((each) => typeof each === 'string' && each.trim() !== '');
  return typeof found === 'string' ? found.trim().slice(0, 200) : '';
}
