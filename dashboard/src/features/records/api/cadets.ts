/** Cadets and their records. */

import type { components } from '@milepost/client/rest';
import { queryOptions } from '@tanstack/react-query';
import { listAll } from '../../../lib/api/list-all';
import { deleteAt, getJson, getVersioned, patchJson, postJson, putJson } from '../../../lib/api/request';

type Schemas = components['schemas'];
export type Cadet = Schemas['Cadet'];
export type Grade = Schemas['Grade'];
export type Attendance = Schemas['Attendance'];
export type ScoreName = 'prelim_score' | 'midterm_score' | 'final_score';
export const SCORES: readonly ScoreName[] = ['prelim_score', 'midterm_score', 'final_score'];

const PAGE_SIZE = 500;
const MAX_PAGES = 20;
const GRADES = 200;

export const cadetsQuery = queryOptions({
  queryKey: ['cadets'],
  queryFn: () =>
    listAll(MAX_PAGES, (position) => getJson('/api/v1/cadets', { query: { limit: PAGE_SIZE, ...position } })),
});
export const cadetQuery = (id: number) =>
  queryOptions({ queryKey: ['cadet', id], queryFn: () => getJson('/api/v1/cadets/{id}', { path: { id } }) });
export const gradesQuery = (id: number) =>
  queryOptions({
    queryKey: ['grades', id],
    queryFn: async () =>
      (await getJson('/api/v1/cadets/{id}/grades', { path: { id }, query: { limit: GRADES } })).items,
  });

export const getCadet = (id: number) => getVersioned('/api/v1/cadets/{id}', { path: { id } });
export const addCadet = (cadet: Schemas['NewCadet']) => postJson('/api/v1/cadets', {}, cadet);
export const giveGrade = (id: number, grade: Schemas['NewGrade']) =>
  postJson('/api/v1/cadets/{id}/grades', { path: { id } }, grade);
export const takeBackGrade = (id: number, gradeId: number) =>
  deleteAt('/api/v1/cadets/{id}/grades/{grade_id}', { path: { id, grade_id: gradeId } });
export const changeScores = (id: number, change: Schemas['ChangeScores'], etag: string | null) =>
  patchJson('/api/v1/cadets/{id}/scores', { path: { id } }, change, etag);
export const setAttendance = (id: number, day: number, attendance: Schemas['SetAttendance'], etag: string | null) =>
  putJson('/api/v1/cadets/{id}/attendance/{training_day_id}', { path: { id, training_day_id: day } }, attendance, etag);
