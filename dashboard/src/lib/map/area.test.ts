import { describe, expect, it } from 'vitest';
import { type Area, isInside, shapeOf, shapesOf } from './area';

const at = (longitude: number, latitude: number) => ({ longitude, latitude });
const ring = (from: number, to: number) => [
  [from, from],
  [to, from],
  [to, to],
  [from, to],
  [from, from],
];

describe('inside', () => {
  it('a polygon is not inside its hole', () => {
    const area: Area = { geometry: { type: 'Polygon', coordinates: [ring(0, 10), ring(4, 6)] } };
    expect([isInside(area, at(1, 1)), isInside(area, at(5, 5)), isInside(area, at(11, 5))]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('a circle and a corridor are measured in metres', () => {
    const circle: Area = { geometry: { type: 'Point', coordinates: [88, 22] }, radius_m: 150 };
    expect([isInside(circle, at(88.001, 22)), isInside(circle, at(88.002, 22))]).toEqual([true, false]);
    const line: Area = {
      geometry: {
        type: 'LineString',
        coordinates: [
          [88, 22],
          [88.1, 22],
        ],
      },
      width_m: 100,
    };
    expect([isInside(line, at(88.05, 22.0008)), isInside(line, at(88.05, 22.002))]).toEqual([true, false]);
  });

  it('an area over the antimeridian holds both sides', () => {
    const coordinates = [
      [
        [179, -1],
        [-179, -1],
        [-179, 1],
        [179, 1],
        [179, -1],
      ],
    ];
    const area: Area = { geometry: { type: 'Polygon', coordinates } };
    expect([isInside(area, at(179.5, 0)), isInside(area, at(-179.5, 0)), isInside(area, at(0, 0))]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('a circle is drawn with its radius', () => {
    const shape = shapeOf({ geometry: { type: 'Point', coordinates: [0, 0] }, radius_m: 111_195 });
    expect(shape.type === 'Polygon' && shape.coordinates[0]?.[0]).toEqual([0, 1]);
  });
});

describe('an imported file', () => {
  it('gives its shapes with their names and without heights', () => {
    const feature = {
      type: 'Feature',
      properties: { name: ' Depot ' },
      geometry: { type: 'Point', coordinates: [1, 2, 30] },
    };
    const other = { type: 'Feature', properties: null, geometry: { type: 'Polygon', coordinates: [ring(0, 1)] } };
    expect(shapesOf(JSON.stringify({ type: 'FeatureCollection', features: [feature, other] }))).toEqual([
      { name: 'Depot', geometry: { type: 'Point', coordinates: [1, 2] } },
      { name: '', geometry: { type: 'Polygon', coordinates: [ring(0, 1)] } },
    ]);
  });

  it.each(['{', '{}', '[]', '{"type":"FeatureCollection","features":[]}'])('%s is refused', (text) => {
    expect(() => shapesOf(text)).toThrow();
  });
});
