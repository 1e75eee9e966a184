import { describe, expect, it } from 'vitest';
import { piecesBySpeed, poseAt, stopsOf, type TrackPoint } from './track';

const MINUTE = 60_000;
const point = (minute: number, longitude: number, speedKmh: number | null = 40): TrackPoint => ({
  atMs: minute * MINUTE,
  latitude: 0,
  longitude,
  speedKmh,
  headingDeg: 90,
});

describe('a vehicle at a moment', () => {
  const points = [point(0, 0), point(1, 0.01), point(20, 0.02)];

  it('is on the line between two positions', () => expect(poseAt(points, 0.5 * MINUTE)?.longitude).toBeCloseTo(0.005));
  it('is nowhere before the first', () => expect(poseAt(points, -1)).toBeNull());

  it('is at its last place while it is silent, and said to be', () => {
    expect(poseAt(points, 3 * MINUTE)).toMatchObject({ longitude: 0.01, isSilent: false });
    expect(poseAt(points, 8 * MINUTE)).toMatchObject({ longitude: 0.01, isSilent: true });
  });

  it('crosses the antimeridian by the short way', () => {
    const pose = poseAt([point(0, 179.99), point(1, -179.99)], 0.5 * MINUTE);
    expect(pose?.longitude).toBeCloseTo(180);
  });
});

describe('stops', () => {
  it('last five minutes or longer, with noise in between', () => {
    const points = [
      point(0, 0),
      point(1, 0.1, 0),
      point(4, 0.1002, 1),
      point(7, 0.1001, 0),
      point(8, 0.2),
      point(9, 0.3),
    ];
    expect(stopsOf(points)).toEqual([{ latitude: 0, longitude: 0.1, fromMs: MINUTE, toMs: 7 * MINUTE }]);
  });

  it('are not a red light', () => expect(stopsOf([point(0, 0, 0), point(2, 0, 0), point(3, 0.1)])).toEqual([]));
});

describe('pieces by speed', () => {
  it('join neighbours of one step, and end at a silence', () => {
    const points = [point(0, 0, 10), point(1, 1, 20), point(2, 2, 90), point(3, 3, 95), point(30, 4, 95)];
    expect(piecesBySpeed(points, 80, [0, 0.35, 0.7, 1])).toEqual([
      { step: 0, from: 0, to: 1 },
      { step: 3, from: 1, to: 3 },
    ]);
  });
});
