import { describe, expect, it } from 'vitest';
import { type Clustered, cellsOf } from './clusters';

const vehicle = (
  id: string,
  latitude: number,
  longitude: number,
  group: Clustered['group'] = 'service',
): Clustered => ({
  id,
  place: { latitude, longitude, headingDeg: null },
  body: 'body',
  group,
});
const idsOf = (cells: ReturnType<typeof cellsOf>) =>
  [...cells.values()].map(({ members }) => members.map(({ id }) => id).join()).sort();

describe('clusters', () => {
  const fleet = [
    vehicle('a', 52.5, 13.4),
    vehicle('b', 52.501, 13.401, 'late'),
    vehicle('c', 48.1, 11.6),
    vehicle('d', -33.9, 151.2),
  ];

  it('join_what_is_near_on_the_map_and_part_it_from_nearer', () => {
    expect(idsOf(cellsOf(fleet, 1))).toEqual(['a,b,c', 'd']);
    expect(idsOf(cellsOf(fleet, 8))).toEqual(['a,b', 'c', 'd']);
    expect(idsOf(cellsOf(fleet, 18))).toEqual(['a', 'b', 'c', 'd']);
  });

  it('count_their_vehicles_by_status', () => {
    const [near] = [...cellsOf(fleet, 8).values()].filter(({ members }) => members.length === 2);
    expect(near?.counts).toEqual({ service: 1, late: 1 });
  });
});
