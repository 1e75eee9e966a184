/** The streets of the server's archive. Loaded only where the server has one. */

import cyrillic from '@fontsource-variable/noto-sans/files/noto-sans-cyrillic-wght-normal.woff2?url';
import devanagari from '@fontsource-variable/noto-sans/files/noto-sans-devanagari-wght-normal.woff2?url';
import greek from '@fontsource-variable/noto-sans/files/noto-sans-greek-wght-normal.woff2?url';
import latinExt from '@fontsource-variable/noto-sans/files/noto-sans-latin-ext-wght-normal.woff2?url';
import latin from '@fontsource-variable/noto-sans/files/noto-sans-latin-wght-normal.woff2?url';
import vietnamese from '@fontsource-variable/noto-sans/files/noto-sans-vietnamese-wght-normal.woff2?url';
import { layers, namedFlavor } from '@protomaps/basemaps';
import { addProtocol, type StyleSpecification } from 'maplibre-gl';
import { Protocol } from 'pmtiles';
import { PALETTES, type Theme } from './palette';

type Layers = StyleSpecification['layers'];
type FontFaces = NonNullable<StyleSpecification['font-faces']>;

/** What maps with streets have besides the land. */
export interface Streets {
  sources: StyleSpecification['sources'];
  fontFaces: FontFaces;
  layersFor(theme: Theme, language: string): Layers;
}

const SOURCE = 'streets';
/** Texts are drawn with this font where it has the letters, and with the reader's own fonts elsewhere. */
const FONT = 'Noto Sans';
const FACES: [string, string[]][] = [
  [latin, ['U+0000-00FF', 'U+0131', 'U+0152-0153', 'U+02BB-02BC', 'U+02C6', 'U+02DA', 'U+02DC', 'U+2000-206F']],
  [vietnamese, ['U+01A0-01A1', 'U+01AF-01B0', 'U+1EA0-1EF9', 'U+20AB']],
  [latinExt, ['U+0100-02BA', 'U+02BD-02C5', 'U+02C7-02CC', 'U+1E00-1E9F', 'U+2C60-2C7F', 'U+A720-A7FF']],
  [cyrillic, ['U+0400-045F', 'U+0490-0491', 'U+04B0-04B1', 'U+2116']],
  [greek, ['U+0370-03FF']],
  [devanagari, ['U+0900-097F', 'U+A8E0-A8FF']],
];

addProtocol('pmtiles', new Protocol().tile);

export function streetsOf(archiveUrl: string): Streets {
  const url = `pmtiles://${absolute(archiveUrl)}`;
  const faces = FACES.map(([file, ranges]) => ({ url: absolute(file), 'unicode-range': ranges }));
  return {
    sources: { [SOURCE]: { type: 'vector', url } },
    fontFaces: { [FONT]: faces },
    layersFor: (theme, language) => streetLayers(theme, language),
  };
}

/** Land and water have the colours of the map around the archive's region. */
function streetLayers(theme: Theme, language: string): Layers {
  const { land, sea, park } = PALETTES[theme];
  const flavor = { ...namedFlavor(theme), earth: land, water: sea, park_a: park, park_b: park };
  const all = layers(SOURCE, flavor, { lang: language }) as unknown as Layers;
  return all.filter(({ id }) => id !== 'background').flatMap(withoutImages);
}

/** Labels need no images, and no font with letters that were put together beforehand. */
function withoutImages(layer: Layers[number]): Layers {
  if (layer.type !== 'symbol') return [layer];
  const { 'icon-image': _image, ...layout } = layer.layout ?? {};
  if (!layout['text-field']) return [];
  const text = { 'text-field': plainNames(layout['text-field']), 'text-font': [FONT] };
  return [{ ...layer, layout: { ...layout, ...text } } as Layers[number]];
}

/** An expression that reads names as they are written: the archive also has them as numbers of one font's letters. */
function plainNames(expression: unknown): unknown {
  if (Array.isArray(expression)) {
    const [kind, name] = expression;
    if (kind === 'has' && typeof name === 'string' && name.startsWith('pgf:')) return false;
    if (kind === 'get' && typeof name === 'string' && name.startsWith('pgf:')) return ['get', name.slice(4)];
    return expression.map(plainNames);
  }
  if (typeof expression !== 'object' || expression === null) return expression;
  const { 'text-font': _font, ...rest } = expression as Record<string, unknown>;
  return rest;
}

function absolute(url: string): string {
  return new URL(url, window.location.href).href;
}
