/** Makes a small archive of streets, PMTiles 3 with the layers of the Protomaps basemap: a made-up town by a river. */

import { gzipSync } from 'node:zlib';
import type * as GeoJSON from 'geojson';
import GeoJSONVT from 'geojson-vt';
import { zxyToTileId } from 'pmtiles';
import vtpbf from 'vt-pbf';

const HEADER_BYTES = 127;
const MAX_ZOOM = 14;
/** Half the town's width, degrees. */
const REACH = 0.03;
const LAYER_NAMES = ['earth', 'water', 'landuse', 'roads', 'places'] as const;
type Layers = Record<(typeof LAYER_NAMES)[number], GeoJSON.Feature[]>;

/** Names that a map has to be able to write. */
export const NAMES = { Arabic: 'الميناء', Devanagari: 'कोलकाता', Han: '新城', Latin: 'Łódź Điện' };

export function makeArchive(latitude: number, longitude: number): Buffer {
  const layers = town(latitude, longitude);
  const indexes = LAYER_NAMES.map((name) => {
    const data: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: layers[name] };
    return [name, new GeoJSONVT(data, { maxZoom: MAX_ZOOM, buffer: 64 })] as const;
  });
  const tiles: { id: number; data: Buffer }[] = [];
  for (let z = 0; z <= MAX_ZOOM; z++)
    for (const [x, y] of tilesAround(latitude, longitude, z)) {
      const found = indexes.map(([name, index]) => [name, index.getTile(z, x, y)] as const);
      const present = Object.fromEntries(found.filter(([, tile]) => tile));
      const data = gzipSync(vtpbf.fromGeojsonVt(present, { version: 2 }));
      tiles.push({ id: zxyToTileId(z, x, y), data });
    }
  tiles.sort((a, b) => a.id - b.id);
  return write(tiles, [longitude - REACH, latitude - REACH, longitude + REACH, latitude + REACH]);
}

function town(latitude: number, longitude: number): Layers {
  const at = (east: number, north: number) => [longitude + east * REACH, latitude + north * REACH];
  const box = (west: number, south: number, east: number, north: number): GeoJSON.Polygon => ({
    type: 'Polygon',
    coordinates: [[at(west, south), at(east, south), at(east, north), at(west, north), at(west, south)]],
  });
  const feature = (geometry: GeoJSON.Geometry, properties: GeoJSON.GeoJsonProperties): GeoJSON.Feature => ({
    type: 'Feature',
    geometry,
    properties,
  });
  const line = (from: number[], to: number[]): GeoJSON.LineString => ({ type: 'LineString', coordinates: [from, to] });
  const street = (step: number, isMajor: boolean) => ({
    kind: isMajor ? 'major_road' : 'minor_road',
    kind_detail: isMajor ? 'primary' : 'residential',
    name: isMajor ? 'Strand Road' : `${step + 11}th Street`,
    min_zoom: isMajor ? 7 : 12,
    sort_rank: isMajor ? 390 : 380,
  });
  const steps = Array.from({ length: 19 }, (_, index) => index - 9);
  const roads = steps.flatMap((step) => [
    feature(line(at(step / 10, -1), at(step / 10, 1)), street(step, step % 5 === 0)),
    feature(line(at(-1, step / 10), at(1, step / 10)), street(step, step % 5 === 0)),
  ]);
  const places = Object.entries(NAMES).map(([script, name], index) => {
    const point: GeoJSON.Point = { type: 'Point', coordinates: at(-0.6 + 0.4 * index, 0.25 - 0.1 * index) };
    const properties = { kind: 'locality', name, min_zoom: 4, population_rank: 11, sort_key: index };
    return feature(point, script === 'Latin' ? properties : { ...properties, script });
  });
  return {
    earth: [feature(box(-1, -1, 1, 1), { kind: 'earth' })],
    water: [feature(box(-1, -0.75, 1, -0.55), { kind: 'river' })],
    landuse: [feature(box(0.2, 0.2, 0.5, 0.5), { kind: 'park', min_zoom: 8, sort_rank: 189 })],
    roads,
    places,
  };
}

function tilesAround(latitude: number, longitude: number, z: number): [number, number][] {
  const column = (degrees: number) => Math.floor(((degrees + 180) / 360) * 2 ** z);
  const row = (degrees: number) =>
    Math.floor(((1 - Math.asinh(Math.tan((degrees * Math.PI) / 180)) / Math.PI) / 2) * 2 ** z);
  const tiles: [number, number][] = [];
  for (let x = column(longitude - REACH); x <= column(longitude + REACH); x++)
    for (let y = row(latitude + REACH); y <= row(latitude - REACH); y++) tiles.push([x, y]);
  return tiles;
}

/** Header, one directory, metadata and tiles, as the specification of PMTiles 3 lays them out. */
function write(tiles: { id: number; data: Buffer }[], [west, south, east, north]: number[]): Buffer {
  const directory = gzipSync(directoryOf(tiles));
  const vectorLayers = LAYER_NAMES.map((id) => ({ id, fields: {} }));
  const metadata = gzipSync(JSON.stringify({ name: 'Town', vector_layers: vectorLayers }));
  const data = Buffer.concat(tiles.map((tile) => tile.data));
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('PMTiles', 0, 'ascii');
  header.writeUInt8(3, 7);
  const metadataAt = HEADER_BYTES + directory.length;
  const dataAt = metadataAt + metadata.length;
  const numbers = [HEADER_BYTES, directory.length, metadataAt, metadata.length, dataAt, 0, dataAt, data.length];
  for (const [index, number] of [...numbers, tiles.length, tiles.length, tiles.length].entries())
    header.writeBigUInt64LE(BigInt(number), 8 + 8 * index);
  // Not clustered; directories and tiles in gzip; vector tiles; zooms.
  for (const [index, byte] of [0, 2, 2, 1, 0, MAX_ZOOM].entries()) header.writeUInt8(byte, 96 + index);
  for (const [index, degrees] of [west, south, east, north].entries())
    header.writeInt32LE(Math.round((degrees ?? 0) * 1e7), 102 + 4 * index);
  return Buffer.concat([header, directory, metadata, data]);
}

function directoryOf(tiles: { id: number; data: Buffer }[]): Buffer {
  const numbers = [tiles.length];
  for (const [index, { id }] of tiles.entries()) numbers.push(id - (tiles[index - 1]?.id ?? 0));
  for (const _ of tiles) numbers.push(1);
  for (const { data } of tiles) numbers.push(data.length);
  // Each tile follows the one before it.
  for (const index of tiles.keys()) numbers.push(index === 0 ? 1 : 0);
  return Buffer.from(numbers.flatMap(varint));
}

function varint(number: number): number[] {
  const bytes: number[] = [];
  let rest = number;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}
