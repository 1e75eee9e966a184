/** A bar of the day for each vehicle: thick where it drove, thin where it stood, empty where it was silent. */

import { memo } from 'react';
import { SILENCE_MS, stopsOf, type TrackPoint } from '../../lib/track';

interface Props {
  tracks: { id: string; points: TrackPoint[] }[];
  colours: readonly string[];
  fromMs: number;
  toMs: number;
  atMs: number;
}

export function Timeline({ tracks, colours, fromMs, toMs, atMs }: Props) {
  const share = (atMs - fromMs) / (toMs - fromMs);
  return (
    <div className="timeline-rows" style={{ position: 'relative' }} aria-hidden="true">
      {tracks.map(({ id, points }, index) => (
        <Row key={id} points={points} colour={colours[index] ?? ''} fromMs={fromMs} toMs={toMs} />
      ))}
      <span className="timeline-now" style={{ left: `${100 * Math.min(1, Math.max(0, share))}%` }} />
    </div>
  );
}

interface RowProps {
  points: TrackPoint[];
  colour: string;
  fromMs: number;
  toMs: number;
}

const Row = memo(function Row({ points, colour, fromMs, toMs }: RowProps) {
  const stops = stopsOf(points).map((stop) => ({ ...stop, kind: 'stop' }));
  const heard: { fromMs: number; toMs: number; kind: string }[] = [];
  for (const { atMs } of points) {
    const last = heard.at(-1);
    const isStanding = stops.some((stop) => atMs > stop.fromMs && atMs < stop.toMs);
    if (isStanding) continue;
    if (last && atMs - last.toMs <= SILENCE_MS) last.toMs = atMs;
    else heard.push({ fromMs: atMs, toMs: atMs, kind: 'drive' });
  }
  const width = toMs - fromMs;
  return (
    <div className="timeline-row">
      {[...heard, ...stops].map((part) => (
        <span
          key={`${part.kind} ${part.fromMs}`}
          data-kind={part.kind}
          style={{
            left: `${(100 * (part.fromMs - fromMs)) / width}%`,
            width: `max(2px, ${(100 * (part.toMs - part.fromMs)) / width}%)`,
            background: colour,
          }}
        />
      ))}
    </div>
  );
});
