/** Draws the marker images: a disc with a nose in the direction of travel, and a sign for the status. */

import type { Palette, StatusGroup } from '../../lib/map/palette';

/** Side of a marker image in CSS pixels. */
export const MARKER_PX = 40;
const SIGN_PX = 15;
export const MARKER_SCALE = 2;
/** Labels kept as images. Further labels are not drawn until the page is reloaded. */
export const MAX_TAGS = 3_000;

export const bodyImage = (group: StatusGroup, isStale: boolean, hasHeading: boolean) =>
  `body-${isStale ? 'stale' : group}-${hasHeading ? 'nose' : 'disc'}`;
export const signImage = (group: StatusGroup, isStale: boolean) => `sign-${group}${isStale ? '-stale' : ''}`;

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

/** The sign stays upright whatever the direction: a bus, two bars, a clock hand, an exclamation mark or a cross. */
export function drawSign(group: StatusGroup, colour: string): ImageData {
  const pen = canvas(SIGN_PX, SIGN_PX);
  const c = SIGN_PX / 2;
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = 2.2;
  pen.lineCap = pen.lineJoin = 'round';
  pen.beginPath();
  if (group === 'service') {
    pen.roundRect(c - 5, c - 5.5, 10, 9.5, 2);
    pen.fill();
    pen.fillRect(c - 4, c + 3.6, 2.4, 2.4);
    pen.fillRect(c + 1.6, c + 3.6, 2.4, 2.4);
    pen.globalCompositeOperation = 'destination-out';
    pen.fillRect(c - 3.4, c - 3.6, 6.8, 3.6);
    return pixels(pen);
  }
  if (group === 'waiting') {
    pen.moveTo(c - 2.8, c - 3.8);
    pen.lineTo(c - 2.8, c + 3.8);
    pen.moveTo(c + 2.8, c - 3.8);
    pen.lineTo(c + 2.8, c + 3.8);
  } else if (group === 'late') {
    pen.moveTo(c, c - 4.6);
    pen.lineTo(c, c + 0.6);
    pen.lineTo(c + 3.6, c + 2.8);
  } else if (group === 'alarm') {
    pen.moveTo(c, c - 5);
    pen.lineTo(c, c + 1);
    pen.moveTo(c, c + 4.8);
    pen.lineTo(c, c + 4.9);
  } else {
    pen.moveTo(c - 3.6, c - 3.6);
    pen.lineTo(c + 3.6, c + 3.6);
    pen.moveTo(c + 3.6, c - 3.6);
    pen.lineTo(c - 3.6, c + 3.6);
  }
  pen.stroke();
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
  const pen = element.getContext('2d');
  if (!pen) throw new Error('this browser draws no canvas');
  pen.scale(MARKER_SCALE, MARKER_SCALE);
  return pen;
}

function pixels(pen: CanvasRenderingContext2D): ImageData {
  return pen.getImageData(0, 0, pen.canvas.width, pen.canvas.height);
}
