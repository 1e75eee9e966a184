/** The server's settings for the map's background. */

import { queryOptions } from '@tanstack/react-query';
import type { Streets } from '../map/streets';
import { request } from './request';

export interface AppConfig {
  /** The streets of the server's own archive. */
  streets: Streets | null;
  tileUrl: string | null;
  tileAttribution: string | null;
}

/** Used when the server does not answer: the map has no tiles. */
const NO_TILES: AppConfig = { streets: null, tileUrl: null, tileAttribution: null };

async function getConfig(): Promise<AppConfig> {
  const config: unknown = await (await request('/app/config.json')).json();
  const { basemap_url, tile_url, tile_attribution } = Object(config) as Record<string, unknown>;
  const basemapUrl = textOrNull(basemap_url);
  const streets = basemapUrl ? (await import('../map/streets')).streetsOf(basemapUrl) : null;
  return { streets, tileUrl: textOrNull(tile_url), tileAttribution: textOrNull(tile_attribution) };
}

export const configQuery = queryOptions({
  queryKey: ['config'],
  queryFn: () => getConfig().catch(() => NO_TILES),
  staleTime: Number.POSITIVE_INFINITY,
});

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
