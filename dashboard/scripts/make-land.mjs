// Writes src/lib/map/land.geojson: Natural Earth's 1:50m land, simplified for a background map.
// Natural Earth is in the public domain. Run `npm run land` only to change the simplification.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { feature } from 'topojson-client';

const TOLERANCE_DEG = 0.06; // about 6.5 km, which still draws a coast well up to a city
const MIN_RING_AREA_DEG2 = 0.03; // islands under some 19 × 19 km go

const WORLD = [
  [-180, -85.06],
  [180, -85.06],
  [180, 85.06],
  [-180, 85.06],
  [-180, -85.06],
];

const topology = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('world-atlas/land-50m.json'), 'utf8'));
const land = feature(topology, topology.objects.land);
const polygons = land.features.flatMap(({ geometry }) =>
  geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates,
);

const thinned = polygons
  .map((rings) => rings.filter((ring) => Math.abs(area(ring)) >= MIN_RING_AREA_DEG2).map(thin))
  .map((rings) => rings.filter((ring) => ring.length >= 4))
  .filter((rings) => rings.length > 0);

const output = {
  type: 'FeatureCollection',
  attribution: 'Natural Earth',
  // The sea comes with the land, so that a part of the map that has not been loaded is not shown as sea.
  features: [
    { type: 'Feature', properties: { sea: true }, geometry: { type: 'Polygon', coordinates: [WORLD] } },
    ...thinned.map((coordinates) => ({ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates } })),
  ],
};
const text = JSON.stringify(output);
writeFileSync(new URL('../src/lib/map/land.geojson', import.meta.url), `${text}\n`);
console.log(`${thinned.length} polygons, ${text.length} bytes`);

function area(ring) {
  let sum = 0;
  for (let i = 0; i + 1 < ring.length; i++) sum += ring[i][0] * ring[i + 1][1] - ring[i + 1][0] * ring[i][1];
  return sum / 2;
}

/** Douglas and Peucker's line simplification over a closed ring, then two decimals. */
function thin(ring) {
  const middle = Math.floor(ring.length / 2);
  const kept = [...simplify(ring.slice(0, middle + 1)), ...simplify(ring.slice(middle)).slice(1)];
  const rounded = kept.map((point) => point.map((value) => Math.round(value * 100) / 100));
  return rounded.filter((point, i) => i === 0 || point[0] !== rounded[i - 1][0] || point[1] !== rounded[i - 1][1]);
}

function simplify(line) {
  if (line.length < 3) return line;
  const [first, last] = [line[0], line[line.length - 1]];
  let farthest = 0;
  let index = 0;
  for (let i = 1; i < line.length - 1; i++) {
    const distance = distanceToSegment(line[i], first, last);
    if (distance > farthest) [farthest, index] = [distance, i];
  }
  if (farthest <= TOLERANCE_DEG) return [first, last];
  return [...simplify(line.slice(0, index + 1)), ...simplify(line.slice(index)).slice(1)];
}

function distanceToSegment([x, y], [ax, ay], [bx, by]) {
  const shrink = Math.cos((y * Math.PI) / 180); // a degree of longitude is shorter away from the equator
  const [dx, dy] = [(bx - ax) * shrink, by - ay];
  const [px, py] = [(x - ax) * shrink, y - ay];
  const length2 = dx * dx + dy * dy;
  const t = length2 === 0 ? 0 : Math.max(0, Math.min(1, (px * dx + py * dy) / length2));
  return Math.hypot(px - t * dx, py - t * dy);
}
