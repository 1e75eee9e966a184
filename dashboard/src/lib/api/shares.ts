/** Shares: links by which guests see some vehicles until a time. */

import type { components } from '@milepost/client/rest';
import { queryOptions } from '@tanstack/react-query';
import { listAll } from './list-all';
import { deleteAt, getJson, postJson } from './request';

export type Share = components['schemas']['Share'];

/** The server's bound. */
export const MAX_SHARED_VEHICLES = 100;
const PAGE_SIZE = 500;
const MAX_PAGES = 20;
/** Openings are told by no event. */
const READ_AGAIN_MS = 30_000;

export const sharesQuery = queryOptions({
  queryKey: ['shares'],
  queryFn: () =>
    listAll(MAX_PAGES, (position) => getJson('/api/v1/shares', { query: { limit: PAGE_SIZE, ...position } })),
  refetchInterval: READ_AGAIN_MS,
});
export const addShare = (share: components['schemas']['NewShare']) => postJson('/api/v1/shares', {}, share);
export const recallShare = (id: number) => deleteAt('/api/v1/shares/{id}', { path: { id } });

/** The link that guests open. The token stands behind the `#`, which browsers send to no server. */
export const linkOf = (token: string) => `${window.location.origin}/s#${token}`;

export function stateOf(share: Share, nowMs: number): 'open' | 'ended' | 'recalled' | 'empty' {
  if (share.recalled_at !== null) return 'recalled';
  if (Date.parse(share.expires_at) <= nowMs) return 'ended';
  return share.vehicle_ids.length === 0 ? 'empty' : 'open';
}
