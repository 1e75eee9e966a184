/** Access tokens of programs, the audit, and devices that nobody has added. */

import type { components } from '@milepost/client/rest';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { listAll } from '../../../lib/api/list-all';
import { deleteAt, getJson, postJson } from '../../../lib/api/request';

type Schemas = components['schemas'];
export type ProgramToken = Schemas['ProgramToken'];
export type AuditEntry = Schemas['AuditEntry'];
export type UnknownDevice = Schemas['UnknownDevice'];

const PAGE_SIZE = 500;
const MAX_PAGES = 20;
const AUDIT_PAGE_SIZE = 100;

export const tokensQuery = queryOptions({
  queryKey: ['access-tokens'],
  queryFn: () =>
    listAll(MAX_PAGES, (position) => getJson('/api/v1/access-tokens', { query: { limit: PAGE_SIZE, ...position } })),
});
export const addToken = (token: Schemas['NewProgramToken']) => postJson('/api/v1/access-tokens', {}, token);
export const removeToken = (id: number) => deleteAt('/api/v1/access-tokens/{id}', { path: { id } });

export interface AuditFilter {
  from?: string;
  to?: string;
  actor?: number;
  subject?: string;
  action?: string;
}

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam }) =>
      getJson('/api/v1/audit', {
        query: { limit: AUDIT_PAGE_SIZE, ...filter, ...(pageParam ? { cursor: pageParam } : {}) },
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });

/** The address of all rows that fit, as a file. */
export function auditFile(filter: AuditFilter): string {
  const named = Object.entries(filter).map(([name, value]) => [name, String(value)]);
  return `/api/v1/audit?${new URLSearchParams([...named, ['format', 'csv']])}`;
}

/** They come and go by themselves, while a tracker tries to report. */
export const unknownDevicesQuery = queryOptions({
  queryKey: ['unknown-devices'],
  queryFn: () =>
    listAll(MAX_PAGES, (position) => getJson('/api/v1/devices/unknown', { query: { limit: PAGE_SIZE, ...position } })),
  refetchInterval: 10_000,
  retry: false,
});
export const adoptDevice = (id: string, adoption: Schemas['NewAdoption']) =>
  postJson('/api/v1/devices/unknown/{id}/adopt', { path: { id } }, adoption);
