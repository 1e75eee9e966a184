/** Moves every marker smoothly from where it is drawn to its newest fix. */

import { distanceM, type Place, turnDeg } from './sphere';

/** A longer move is a correction, not a drive: the marker jumps. */
export const JUMP_M = 3_000;
/** A move takes as long as the time since the last fix, within these limits, so that regular fixes join into one motion: also of a device that reports every ten seconds. */
export const MIN_GLIDE_MS = 250;
export const MAX_GLIDE_MS = 10_000;

export interface Pose extends Place {
  headingDeg: number | null;
}

export interface Fix extends Pose {
  atMs: number;
}

export interface Track {
  from: Pose;
  to: Pose;
  fixAtMs: number;
  startMs: number;
  durationMs: number;
  lengthM: number;
}

export class Glider {
  private tracks = new Map<string, Track>();

  /** Sets a marker's target. Without `animate` the marker is there at once. */
  moveTo(id: string, fix: Fix, nowMs: number, animate: boolean): void {
    const track = this.tracks.get(id);
    if (track && track.fixAtMs === fix.atMs) return;
    const to: Pose = { latitude: fix.latitude, longitude: fix.longitude, headingDeg: fix.headingDeg };
    const from = track ? poseAt(track, nowMs) : to;
    const lengthM = distanceM(from, to);
    const glides = track !== undefined && animate && lengthM <= JUMP_M;
    const durationMs = glides ? Math.min(MAX_GLIDE_MS, Math.max(MIN_GLIDE_MS, nowMs - track.startMs)) : 0;
    this.tracks.set(id, { from, to, fixAtMs: fix.atMs, startMs: nowMs, durationMs, lengthM });
  }

  /** A marker's way; undefined if it has none. */
  track(id: string): Readonly<Track> | undefined {
    return this.tracks.get(id);
  }

  pose(id: string, nowMs: number): Pose | null {
    const track = this.tracks.get(id);
    return track ? poseAt(track, nowMs) : null;
  }

  /** Whether a marker still has to move by a visible distance, which is a pixel. */
  isMoving(nowMs: number, visibleM: number): boolean {
    for (const { startMs, durationMs, lengthM } of this.tracks.values()) {
      if (lengthM >= visibleM && nowMs < startMs + durationMs) return true;
    }
    return false;
  }

  keepOnly(ids: { has: (id: string) => boolean }): void {
    for (const id of this.tracks.keys()) if (!ids.has(id)) this.tracks.delete(id);
  }
}

function poseAt({ from, to, startMs, durationMs }: Track, nowMs: number): Pose {
  const t = durationMs === 0 ? 1 : Math.min(1, Math.max(0, (nowMs - startMs) / durationMs));
  if (t === 1) return to;
  const turn = Math.min(1, t * 2); // turned by half of the glide, as a vehicle turns before it drives on
  return {
    latitude: from.latitude + (to.latitude - from.latitude) * t,
    longitude: from.longitude + turnDeg(from.longitude, to.longitude) * t,
    headingDeg:
      from.headingDeg === null || to.headingDeg === null
        ? to.headingDeg
        : from.headingDeg + turnDeg(from.headingDeg, to.headingDeg) * turn,
  };
}
