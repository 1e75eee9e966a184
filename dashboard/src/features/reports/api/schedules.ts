/** Report schedules: reports that are made again after each day, week or month, and mailed. */

import type { components } from '@milepost/client/rest';
import { queryOptions } from '@tanstack/react-query';
import { listAll } from '../../../lib/api/list-all';
import type { User } from '../../../lib/api/list-users';
import { deleteAt, getJson, getVersioned, patchJson, postJson } from '../../../lib/api/request';
import { may } from '../../../lib/roles';

export type Schedule = components['schemas']['ReportSchedule'];
export type NewSchedule = components['schemas']['NewReportSchedule'];

export const PERIODS = ['day', 'week', 'month'] as const;
export const FORMATS = ['xlsx', 'csv', 'json'] as const;

const PAGE_SIZE = 200;
const MAX_PAGES = 5;
/** That one was due is told by no event. */
const READ_AGAIN_MS = 30_000;

export const schedulesQuery = queryOptions({
  queryKey: ['report-schedules'],
  queryFn: () =>
    listAll(MAX_PAGES, (position) => getJson('/api/v1/report-schedules', { query: { limit: PAGE_SIZE, ...position } })),
  refetchInterval: READ_AGAIN_MS,
});

/** One schedule with its version, as it is when somebody begins to change it. */
export const scheduleQuery = (id: number) =>
  queryOptions({
    queryKey: ['report-schedules', id],
    queryFn: () => getVersioned('/api/v1/report-schedules/{id}', { path: { id } }),
    refetchOnWindowFocus: false,
    gcTime: 0,
  });

export const addSchedule = (schedule: NewSchedule) => postJson('/api/v1/report-schedules', {}, schedule);
export const changeSchedule = (id: number, change: NewSchedule, etag: string | null) =>
  patchJson(
    '/api/v1/report-schedules/{id}',
    { path: { id } },
    { ...change, vehicle_ids: change.vehicle_ids ?? null } as components['schemas']['ChangeReportSchedule'],
    etag,
  );
export const removeSchedule = (id: number) => deleteAt('/api/v1/report-schedules/{id}', { path: { id } });

/** Who may get the reports of an owner: the owner, and who sees the whole fleet, with an address that takes mail. */
export const mayReceive = (user: User, owner: number) =>
  user.approved &&
  user.active &&
  user.email !== null &&
  user.email_refused_at === null &&
  (user.id === owner || may(user, 'fleet'));
