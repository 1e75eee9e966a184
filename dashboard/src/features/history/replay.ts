/** The clock of a replay: it runs at a multiple of real time between two moments. */

import { useCallback, useEffect, useRef, useState } from 'react';

export const SPEEDS = [1, 10, 60, 300, 1_000] as const;

/** The page is drawn again at most this often; the map's markers move with every frame. */
const RENDER_EVERY_MS = 100;

interface Run {
  atMs: number;
  startedMs: number;
  speed: number;
}

/** The moment of a run; `nowMs` is the clock of `performance.now()`. */
export function momentOf({ atMs, startedMs, speed }: Run, nowMs: number): number {
  return atMs + (nowMs - startedMs) * speed;
}

export interface Replay {
  atMs: number;
  isPlaying: boolean;
  speed: number;
  seek: (atMs: number) => void;
  play: (isPlaying: boolean) => void;
  setSpeed: (speed: number) => void;
}

export function useReplay(fromMs: number, toMs: number, beginMs: number, onFrame: (atMs: number) => void): Replay {
  const [atMs, setAtMs] = useState(beginMs);
  const [isPlaying, setIsPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(60);
  const run = useRef<Run>({ atMs: beginMs, startedMs: 0, speed: 60 });
  const draw = useRef(onFrame);
  useEffect(() => {
    draw.current = onFrame;
  });

  const jump = useCallback((to: number, nextSpeed: number) => {
    run.current = { atMs: to, startedMs: performance.now(), speed: nextSpeed };
    setAtMs(to);
    draw.current(to);
  }, []);

  useEffect(() => {
    if (!isPlaying) return;
    run.current = { ...run.current, startedMs: performance.now() };
    let renderedMs = 0;
    let frame = requestAnimationFrame(function next(nowMs) {
      const moment = Math.min(toMs, momentOf(run.current, Math.max(nowMs, run.current.startedMs)));
      draw.current(moment);
      if (nowMs - renderedMs >= RENDER_EVERY_MS || moment >= toMs) {
        renderedMs = nowMs;
        setAtMs(moment);
      }
      if (moment >= toMs) setIsPlaying(false);
      else frame = requestAnimationFrame(next);
    });
    return () => {
      cancelAnimationFrame(frame);
      const moment = Math.min(toMs, momentOf(run.current, performance.now()));
      run.current = { ...run.current, atMs: moment };
    };
  }, [isPlaying, toMs]);

  return {
    atMs,
    isPlaying,
    speed,
    seek: useCallback(
      (to: number) => jump(Math.max(fromMs, Math.min(toMs, to)), run.current.speed),
      [fromMs, toMs, jump],
    ),
    play: useCallback(
      (wants: boolean) => {
        if (wants && run.current.atMs >= toMs) jump(fromMs, run.current.speed);
        setIsPlaying(wants);
      },
      [fromMs, toMs, jump],
    ),
    setSpeed: useCallback(
      (next: number) => {
        const now = isPlaying ? Math.min(toMs, momentOf(run.current, performance.now())) : run.current.atMs;
        jump(now, next);
        setSpeed(next);
      },
      [isPlaying, toMs, jump],
    ),
  };
}
