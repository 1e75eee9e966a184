/** Reports: a job makes them. Their types are written here by hand: the answers are files, which the OpenAPI document does not describe. */

import type { components } from '@milepost/client/rest';
import { queryOptions } from '@tanstack/react-query';
import type { Me } from '../../../lib/api/get-me';
import { getJson, request, withJson } from '../../../lib/api/request';
import { may } from '../../../lib/roles';

export const KINDS = ['trips', 'stops', 'mileage', 'utilisation', 'fuel', 'geofences', 'speeding'] as const;
export const GROUPS = ['none', 'vehicle', 'driver', 'day', 'vehicle_day'] as const;
export type Kind = (typeof KINDS)[number];
export type Group = (typeof GROUPS)[number];
export type FileFormat = 'csv' | 'xlsx';
export type Job = components['schemas']['Job'];

/** Kinds that list single things. Others are always sums. */
export const LISTS: readonly Kind[] = ['trips', 'stops', 'geofences', 'speeding'];

const OF_VEHICLES: readonly Kind[] = ['trips', 'stops', 'mileage', 'utilisation'];
const OF_OWN_TRIPS: readonly Kind[] = ['trips', 'mileage', 'utilisation'];

/** What a user may ask for. Drivers have the trips that they drove, whose sums are by driver. */
export function kindsFor(me: Pick<Me, 'role'>): readonly Kind[] {
  if (may(me, 'fleet')) return KINDS;
  return drives(me) ? OF_OWN_TRIPS : OF_VEHICLES;
}

export function groupsFor(me: Pick<Me, 'role'>, kind: Kind): readonly Group[] {
  if (drives(me) && !LISTS.includes(kind)) return ['driver'];
  return GROUPS.filter((group) => group !== 'none' || LISTS.includes(kind));
}

const drives = ({ role }: Pick<Me, 'role'>) => role === 'driver' || role === 'rider';

export interface Order {
  kind: Kind;
  group_by: Group;
  /** Days of the zone, both whole. */
  from: string;
  to: string;
  timezone: string;
  vehicle_ids?: string[];
  language: string;
}

export type Form = 'text' | 'number' | 'seconds' | 'time' | 'day';
export type Value = string | number | null;

export interface Report {
  kind: Kind;
  group_by: Group;
  from: string;
  to: string;
  timezone: string;
  columns: { key: string; form: Form }[];
  rows: Value[][];
  row_count: number;
  is_cut: boolean;
  totals: Record<string, Value>;
  chart: { key: string; form: Form; points: { day: string; value: number | null }[] };
}

/** Begins a report, and returns its job. With `mail` its file goes to the caller's address, too. */
export async function orderReport(order: Order, format: 'json' | FileFormat, mail = false): Promise<string> {
  const response = await request('/api/v1/reports', withJson('POST', { ...order, format, mail }));
  return ((await response.json()) as { job: string }).job;
}

const ASK_EVERY_MS = 400;

export const isEnded = (job: Job | undefined) => job?.status === 'done' || job?.status === 'failed';

/** How far a job is, asked until it has ended. */
export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ['jobs', id],
    queryFn: () => getJson('/api/v1/jobs/{id}', { path: { id } }),
    refetchInterval: ({ state }) => (isEnded(state.data) || state.error ? false : ASK_EVERY_MS),
  });

export const resultQuery = (id: string) =>
  queryOptions({
    queryKey: ['jobs', id, 'result'],
    queryFn: async () => (await (await request(resultAddress(id))).json()) as Report,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const resultAddress = (id: string) => `/api/v1/jobs/${encodeURIComponent(id)}/result`;
