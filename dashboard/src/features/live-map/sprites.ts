/** All images of markers in one texture: a ring for the selected one, discs with and without a nose, and signs. */

import { PALETTES, type Palette, type StatusGroup, type Theme } from '../../lib/map/palette';
import { SIGNS, type Sign } from '../../lib/map/signs';
import { STATUS_GROUPS } from '../../lib/status';
import { bodyImage, drawBody, drawSign, MARKER_PX, MARKER_SCALE, signImage } from './marker';

/** Sprites in a row and in a column of the texture. */
export const ATLAS_SIDE = 8;
const CELL_PX = MARKER_PX * MARKER_SCALE;
const RING = 'ring';

export interface Atlas {
  image: HTMLCanvasElement;
  /** The cell of an image by its name. */
  cellOf: (name: string) => number;
}

export const ringImage = RING;

export function drawAtlas(theme: Theme): Atlas {
  const palette = PALETTES[theme];
  const image = document.createElement('canvas');
  image.width = image.height = ATLAS_SIDE * CELL_PX;
  const pen = image.getContext('2d');
  const cells = new Map<string, number>();
  const put = (name: string, pixels: ImageData) => {
    const cell = cells.size;
    cells.set(name, cell);
    const [column, row] = [cell % ATLAS_SIDE, Math.floor(cell / ATLAS_SIDE)];
    const [dx, dy] = [(CELL_PX - pixels.width) / 2, (CELL_PX - pixels.height) / 2];
    pen?.putImageData(pixels, column * CELL_PX + dx, row * CELL_PX + dy);
  };
  put(RING, drawRing(palette));
  for (const stale of [false, true]) {
    for (const group of STATUS_GROUPS) {
      for (const nose of [false, true]) put(bodyImage(group, stale, nose), bodyOf(palette, group, stale, nose));
    }
    for (const sign of Object.keys(SIGNS) as Sign[])
      put(signImage(sign, stale), drawSign(sign, stale ? palette.stale : palette.paper));
  }
  return { image, cellOf: (name) => cells.get(name) ?? 0 };
}

export function bodyOf(palette: Palette, group: StatusGroup, stale: boolean, nose: boolean): ImageData {
  return drawBody(stale ? palette.stale : palette.status[group], palette.paper, nose, stale);
}

function drawRing({ ring }: Palette): ImageData {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = CELL_PX;
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('this browser draws no canvas');
  pen.beginPath();
  pen.arc(CELL_PX / 2, CELL_PX / 2, CELL_PX / 2 - 4, 0, 2 * Math.PI);
  pen.globalAlpha = 0.12;
  pen.fillStyle = ring;
  pen.fill();
  pen.globalAlpha = 1;
  pen.lineWidth = 4;
  pen.strokeStyle = ring;
  pen.stroke();
  return pen.getImageData(0, 0, CELL_PX, CELL_PX);
}
