/** Draws a cluster: a ring whose parts are the shares of each status, around the number of vehicles. */

import type { Palette, StatusGroup } from '../../lib/map/palette';
import { MARKER_SCALE } from './marker';

/** What the parts of a ring stand for, in their order. */
export const GROUPS = ['alarm', 'late', 'service', 'waiting', 'out', 'stale'] as const;
export type ClusterGroup = (typeof GROUPS)[number];
export const NO_COUNTS = Object.fromEntries(GROUPS.map((group) => [group, 0]));

const SIDE_PX = 46;

/** The name of a feature's image, which says what is drawn. */
export const CLUSTER_IMAGE = ['concat', 'cluster', ...GROUPS.flatMap((group) => [':', ['get', group]])];
export const isClusterImage = (id: string): boolean => id.startsWith('cluster:');

export function drawCluster(id: string, palette: Palette): ImageData | null {
  const counts = id.split(':').slice(1).map(Number);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE_PX * MARKER_SCALE;
  // Read back at once: quickly, if it is not on the graphics card.
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen || !(total > 0)) return null;
  pen.scale(MARKER_SCALE, MARKER_SCALE);
  const centre = SIDE_PX / 2;
  pen.beginPath();
  pen.arc(centre, centre, 18, 0, 2 * Math.PI);
  pen.fillStyle = palette.paper;
  pen.shadowColor = 'rgb(0 0 0 / 0.3)';
  pen.shadowBlur = 5;
  pen.fill();
  pen.shadowColor = 'transparent';
  let angle = -Math.PI / 2;
  pen.lineWidth = 5;
  counts.forEach((count, index) => {
    const group = GROUPS[index] ?? 'service';
    const end = angle + (2 * Math.PI * count) / total;
    pen.beginPath();
    pen.arc(centre, centre, 17.5, angle, end);
    pen.strokeStyle = group === 'stale' ? palette.stale : palette.status[group as StatusGroup];
    pen.stroke();
    angle = end;
  });
  pen.fillStyle = palette.ink;
  pen.font = '650 12.5px system-ui, sans-serif';
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillText(total >= 1_000 ? `${(total / 1_000).toFixed(1)}k` : String(total), centre, centre + 0.5);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}
