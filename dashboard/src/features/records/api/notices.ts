/** The caller's notifications and messages, and sending them. */

import type { components } from '@milepost/client/rest';
import { queryOptions } from '@tanstack/react-query';
import { getJson, postJson } from '../../../lib/api/request';

export type Notification = components['schemas']['Notification'];
export type Message = components['schemas']['Message'];

const NEWEST = 200;
/** Where no socket tells of them, they are read again. */
const REFRESH_EVERY_MS = 30_000;

export const notificationsQuery = queryOptions({
  queryKey: ['notifications'],
  queryFn: async () => (await getJson('/api/v1/notifications', { query: { limit: NEWEST } })).items,
  refetchInterval: REFRESH_EVERY_MS,
});
export const messagesQuery = queryOptions({
  queryKey: ['messages'],
  queryFn: async () => (await getJson('/api/v1/messages', { query: { limit: NEWEST } })).items,
  refetchInterval: REFRESH_EVERY_MS,
});
export const readNotification = (id: number) =>
  postJson('/api/v1/notifications/{id}/read', { path: { id } }, undefined);
export const readMessage = (id: number) => postJson('/api/v1/messages/{id}/read', { path: { id } }, undefined);
export const sendNotification = (userIds: number[], message: string) =>
  postJson('/api/v1/notifications', {}, { user_ids: userIds, message });
