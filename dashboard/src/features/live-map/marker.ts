/** Draws the marker images: a disc with a nose in the direction of travel, and a sign for the status. */

import type { Palette, StatusGroup } from '../../lib/map/palette';
import { SIGN_BOX, SIGNS, type Sign } from '../../lib/map/signs';

/** Side of a marker image in CSS pixels. */
export const MARKER_PX = 40;
export const MARKER_SCALE = 2;
/** Labels kept as images. Further labels are not drawn until the page is reloaded. */
export const MAX_TAGS = 3_000;

export const bodyImage = (group: StatusGroup, isStale: boolean, hasHeading: boolean) =>
  `body-${isStale ? 'stale' : group}-${hasHeading ? 'nose' : 'disc'}`;
export const signImage = (sign: Sign, isStale: boolean) => `sign-${sign}${isStale ? '-stale' : ''}`;

export function drawBody(fill: string, edge: string, hasNose: boolean, isHollow: boolean): ImageData {
  const pen = canvas(MARKER_PX, MARKER_PX);
  const centre = MARKER_PX / 2;
  const radius = 11;
  pen.beginPath();
  if (hasNose) {
    pen.moveTo(centre, 2.5);
    pen.lineTo(centre + 8.2, centre - 7.3);
    pen.arc(centre, centre, radius, -0.73, Math.PI + 0.73);
    pen.closePath();
  } else {
    pen.arc(centre, centre, radius, 0, 2 * Math.PI);
  }
  pen.lineJoin = 'round';
  pen.shadowColor = 'rgb(0 0 0 / 0.28)';
  pen.shadowBlur = 5;
  pen.shadowOffsetY = 0;
  pen.fillStyle = isHollow ? edge : fill;
  pen.fill();
  pen.shadowColor = 'transparent';
  pen.lineWidth = isHollow ? 2.5 : 2;
  pen.strokeStyle = isHollow ? fill : edge;
  pen.stroke();
  return pixels(pen);
}

/** The sign stays upright whatever the direction. */
export function drawSign(sign: Sign, colour: string): ImageData {
  const pen = canvas(SIGN_BOX, SIGN_BOX);
  pen.strokeStyle = colour;
  pen.lineWidth = 1.8;
  pen.lineCap = pen.lineJoin = 'round';
  pen.stroke(new Path2D(SIGNS[sign]));
  return pixels(pen);
}

/** A small label plate, drawn here because the map loads no fonts. */
export function drawTag(text: string, palette: Palette): ImageData {
  const font = '600 11.5px system-ui, sans-serif';
  const shown = text.length > 24 ? `${text.slice(0, 23)}…` : text;
  const ruler = canvas(1, 1);
  ruler.font = font;
  const width = Math.ceil(ruler.measureText(shown).width) + 12;
  const pen = canvas(width + 4, 22);
  pen.font = font;
  pen.beginPath();
  pen.roundRect(2, 2, width, 18, 5);
  pen.shadowColor = 'rgb(0 0 0 / 0.2)';
  pen.shadowBlur = 3;
  pen.fillStyle = palette.paper;
  pen.fill();
  pen.shadowColor = 'transparent';
  pen.fillStyle = palette.ink;
  pen.textBaseline = 'middle';
  pen.fillText(shown, 8, 11.5);
  return pixels(pen);
}

function canvas(width: number, height: number): CanvasRenderingContext2D {
  const element = document.createElement('canvas');
  element.width = width * MARKER_SCALE;
  element.height = height * MARKER_SCALE;
  // Read back at once: quickly, if it is not on the graphics card.
  const pen = element.getContext('2d', { willReadFrequently: true });
  if (!pen) throw new Error('this browser draws no canvas');
  pen.scale(MARKER_SCALE, MARKER_SCALE);
  return pen;
}

function pixels(pen: CanvasRenderingContext2D): ImageData {
  return pen.getImageData(0, 0, pen.canvas.width, pen.canvas.height);
}
