/** Speeds over time. Loaded when it is needed. The slider below it is its keyboard. */

import { useEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import { readTheme, watchTheme } from '../lib/map/theme';
import { useFormat } from '../lib/settings/format';
import type { TrackPoint } from '../lib/track';
import 'uplot/dist/uPlot.min.css';

export interface ChartSeries {
  label: string;
  colour: string;
  points: readonly TrackPoint[];
}

interface Props {
  label: string;
  series: ChartSeries[];
  limitKmh: number | null;
  /** The moment that is marked. */
  atMs: number | null;
  onSeek?: (atMs: number) => void;
}

/** More points than the chart has pixels are thinned: of each part the highest speed is kept. */
const MAX_POINTS = 1_500;
const HEIGHT_PX = 130;
/** In a shorter time the minutes of several marks are the same. */
const SECONDS_BELOW_S = 900;
const KM_PER_MILE = 1.609344;

export default function SpeedChart({ label, series, limitKmh, atMs, onSeek }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const format = useFormat();
  const factor = format.speedUnit === 'mph' ? 1 / KM_PER_MILE : 1;
  const data = useMemo(() => dataOf(series, factor), [series, factor]);
  const moment = useRef(atMs);
  const seek = useRef(onSeek);
  useEffect(() => {
    seek.current = onSeek;
  });

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const draw = () => {
      chart.current?.destroy();
      const ink = readTheme() === 'dark' ? '#9aa8af' : '#5a6870';
      const grid = readTheme() === 'dark' ? '#2a363d' : '#e6e4dc';
      const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: '11px system-ui' };
      const options: uPlot.Options = {
        width: element.clientWidth,
        height: HEIGHT_PX,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), format.timeZone),
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, points: { size: 7 } },
        scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.1, (limitKmh ?? 0) * factor * 1.15, 10)] } },
        axes: [
          {
            ...axis,
            size: 26,
            values: (plot, ticks) => {
              const { min = 0, max = 0 } = plot.scales.x ?? {};
              const clock = (max ?? 0) - (min ?? 0) < SECONDS_BELOW_S ? format.clockSeconds : format.clock;
              return ticks.map((seconds) => clock(seconds * 1_000));
            },
          },
          { ...axis, size: 46, values: (_, ticks) => ticks.map((value) => String(value)) },
        ],
        series: [
          {},
          ...series.map(({ label: name, colour }) => ({
            label: name,
            stroke: colour,
            width: 1.6,
            points: { show: false },
            spanGaps: false,
          })),
        ],
        hooks: {
          ready: [
            (plot) =>
              plot.over.addEventListener('click', () => {
                const at = plot.posToVal(plot.cursor.left ?? 0, 'x');
                seek.current?.(at * 1_000);
              }),
          ],
          draw: [(plot) => drawLimit(plot, limitKmh === null ? null : limitKmh * factor)],
        },
      };
      chart.current = new uPlot(options, data, element);
      mark(chart.current, moment.current);
    };
    draw();
    const observer = new ResizeObserver(() =>
      chart.current?.setSize({ width: element.clientWidth, height: HEIGHT_PX }),
    );
    observer.observe(element);
    const stopTheme = watchTheme(draw);
    return () => {
      observer.disconnect();
      stopTheme();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [data, series, limitKmh, factor, format]);

  useEffect(() => {
    moment.current = atMs;
    mark(chart.current, atMs);
  }, [atMs]);

  return <div ref={box} className="chart" role="img" aria-label={label} />;
}

/** Shows the moment in the chart. */
function mark(plot: uPlot | null, atMs: number | null): void {
  if (plot && atMs !== null) plot.setCursor({ left: plot.valToPos(atMs / 1_000, 'x'), top: -10 }, false);
}

function drawLimit(plot: uPlot, limit: number | null): void {
  if (limit === null) return;
  const { ctx, bbox } = plot;
  const y = plot.valToPos(limit, 'y', true);
  ctx.save();
  ctx.strokeStyle = '#c22f35';
  ctx.setLineDash([5, 4]);
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

/** One column of times for all vehicles; where one has nothing to say, there is a gap. */
function dataOf(series: ChartSeries[], factor: number): uPlot.AlignedData {
  const tables = series.map(({ points }): uPlot.AlignedData => {
    const thin = thinned(points);
    return [
      thin.map(({ atMs }) => atMs / 1_000),
      thin.map(({ speedKmh }) => (speedKmh === null ? null : speedKmh * factor)),
    ];
  });
  if (tables.length === 0) return [[]];
  return tables.length === 1 ? (tables[0] as uPlot.AlignedData) : uPlot.join(tables);
}

function thinned(points: readonly TrackPoint[]): TrackPoint[] {
  if (points.length <= MAX_POINTS) return [...points];
  const size = Math.ceil(points.length / MAX_POINTS);
  const kept: TrackPoint[] = [];
  for (let start = 0; start < points.length; start += size) {
    let highest = points[start] as TrackPoint;
    for (let index = start + 1; index < Math.min(points.length, start + size); index++) {
      const each = points[index] as TrackPoint;
      if ((each.speedKmh ?? 0) > (highest.speedKmh ?? 0)) highest = each;
    }
    kept.push(highest);
  }
  return kept;
}
