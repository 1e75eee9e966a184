/** A bar for each day. Loaded when it is needed. What it shows stands in a list behind it, too. */

import { useEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import { readTheme, watchTheme } from '../../lib/map/theme';
import type { Report } from './api/reports';
import type { Writer } from './values';
import 'uplot/dist/uPlot.min.css';

const HEIGHT_PX = 190;

export default function DayChart({ report, writer }: { report: Report; writer: Writer }) {
  const box = useRef<HTMLDivElement>(null);
  const { key, form, points } = report.chart;
  const data = useMemo(
    (): uPlot.AlignedData => [
      points.map((_, index) => index),
      points.map(({ value }) => (value === null ? null : writer.scaled(key, form, value))),
    ],
    [points, key, form, writer],
  );

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let chart: uPlot | null = null;
    const bars = uPlot.paths.bars?.({ size: [0.72, 46], radius: 0.15 });
    const draw = () => {
      chart?.destroy();
      const isDark = readTheme() === 'dark';
      const ink = isDark ? '#9aa8af' : '#5a6870';
      const axis = {
        stroke: ink,
        grid: { stroke: isDark ? '#2a363d' : '#e6e4dc', width: 1 },
        ticks: { show: false },
        font: '11px system-ui',
      };
      const fill = isDark ? '#35b58c' : '#0f7a5c';
      chart = new uPlot(
        {
          width: element.clientWidth,
          height: HEIGHT_PX,
          legend: { show: false },
          cursor: { show: false },
          scales: {
            x: { time: false, range: () => [-0.6, points.length - 0.4] },
            y: { range: (_, __, max) => [0, Math.max(max * 1.12, 1)] },
          },
          axes: [
            {
              ...axis,
              grid: { show: false },
              size: 28,
              incrs: [1, 2, 7, 14, 28, 56, 112],
              space: 62,
              values: (_, ticks) =>
                ticks.map((tick) => writer.day(points[tick]?.day ?? '').replace('Invalid Date', '')),
              filter: (_, ticks) => ticks.map((tick) => (points[tick] ? tick : null)),
            },
            {
              ...axis,
              size: 52,
              values: (_, ticks) => ticks.map((tick) => writer.format.number(tick, tick % 1 ? 1 : 0)),
            },
          ],
          series: [{}, { fill, stroke: fill, width: 0, ...(bars ? { paths: bars } : {}), points: { show: false } }],
        },
        data,
        element,
      );
    };
    draw();
    const observer = new ResizeObserver(() => chart?.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    observer.observe(element);
    const stopTheme = watchTheme(draw);
    return () => {
      observer.disconnect();
      stopTheme();
      chart?.destroy();
    };
  }, [data, points, writer]);

  return <div ref={box} className="chart day-chart" aria-hidden="true" />;
}
