/** What can be told of a list of positions: where the vehicle was at a moment, its stops, and its pieces by speed. */

import { distanceM, type Place, turnDeg } from './map/sphere';

export interface TrackPoint extends Place {
  atMs: number;
  /** Null if the device did not say. */
  speedKmh: number | null;
  headingDeg: number | null;
}

export interface TrackPose extends Place {
  headingDeg: number | null;
  speedKmh: number | null;
  /** Nothing was heard around this moment, so the place is the last known one. */
  isSilent: boolean;
}

export interface TrackStop extends Place {
  fromMs: number;
  toMs: number;
}

/** A longer pause between two positions is silence: the way between them is not known. */
export const SILENCE_MS = 300_000;
const STOP_FROM_MS = 300_000;
const STOP_RADIUS_M = 60;
const MAX_STOP_SPEED_KMH = 5;

/** The index of the last point not after the moment; -1 before the first. */
export function indexAt(points: readonly TrackPoint[], atMs: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle] as TrackPoint).atMs <= atMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Where the vehicle was: between two positions on the straight line; null before the first. */
export function poseAt(points: readonly TrackPoint[], atMs: number): TrackPose | null {
  const index = indexAt(points, atMs);
  const from = points[index];
  if (!from) return null;
  const to = points[index + 1];
  const { latitude, longitude, headingDeg, speedKmh } = from;
  if (!to || to.atMs - from.atMs > SILENCE_MS) {
    return { latitude, longitude, headingDeg, speedKmh, isSilent: atMs - from.atMs > SILENCE_MS };
  }
  const t = (atMs - from.atMs) / (to.atMs - from.atMs);
  return {
    latitude: latitude + (to.latitude - latitude) * t,
    longitude: longitude + turnDeg(longitude, to.longitude) * t,
    headingDeg,
    speedKmh,
    isSilent: false,
  };
}

/** Where it stayed within a small circle for five minutes or longer. */
export function stopsOf(points: readonly TrackPoint[]): TrackStop[] {
  const stops: TrackStop[] = [];
  let start = 0;
  while (start < points.length) {
    const first = points[start] as TrackPoint;
    let end = start;
    while (end + 1 < points.length && isStanding(first, points[end + 1] as TrackPoint)) end += 1;
    const last = points[end] as TrackPoint;
    if (last.atMs - first.atMs >= STOP_FROM_MS) {
      stops.push({ latitude: first.latitude, longitude: first.longitude, fromMs: first.atMs, toMs: last.atMs });
      start = end + 1;
    } else start += 1;
  }
  return stops;
}

/** Pieces of one colour each: neighbours with the same step of the limit. A silence ends a piece. */
export function piecesBySpeed(
  points: readonly TrackPoint[],
  limitKmh: number,
  steps: readonly number[],
): { step: number; from: number; to: number }[] {
  const pieces: { step: number; from: number; to: number }[] = [];
  for (let index = 1; index < points.length; index++) {
    const a = points[index - 1] as TrackPoint;
    const b = points[index] as TrackPoint;
    if (b.atMs - a.atMs > SILENCE_MS) continue;
    const share = speedBetween(a, b) / limitKmh;
    const step = steps.findLastIndex((each) => share >= each);
    const last = pieces.at(-1);
    if (last && last.step === step && last.to === index - 1) last.to = index;
    else pieces.push({ step: Math.max(0, step), from: index - 1, to: index });
  }
  return pieces;
}

/** The reported speed, else that of the way between the two. */
function speedBetween(a: TrackPoint, b: TrackPoint): number {
  if (b.speedKmh !== null) return b.speedKmh;
  const hours = (b.atMs - a.atMs) / 3_600_000;
  return hours > 0 ? distanceM(a, b) / 1_000 / hours : 0;
}

function isStanding(first: TrackPoint, next: TrackPoint): boolean {
  return distanceM(first, next) <= STOP_RADIUS_M && (next.speedKmh ?? 0) <= MAX_STOP_SPEED_KMH;
}
