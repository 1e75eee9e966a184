/** What an admin manages: vehicles, devices, users, webhooks, thresholds. */

import type { components } from '@milepost/client/rest';
import { queryOptions } from '@tanstack/react-query';
import { listAll } from '../../../lib/api/list-all';
import { listVehicles } from '../../../lib/api/list-vehicles';
import { deleteAt, getJson, getVersioned, patchJson, postJson, request } from '../../../lib/api/request';

type Schemas = components['schemas'];
export type Vehicle = Schemas['Vehicle'];
export type Device = Schemas['Device'];
export type Webhook = Schemas['Webhook'];
export type OutgoingCall = Schemas['OutgoingCall'];

const PAGE_SIZE = 500;
const MAX_PAGES = 40;
/** The newest calls of a webhook; older ones are history. */
const DELIVERIES = 200;

export const vehiclesQuery = queryOptions({
  queryKey: ['vehicles'],
  queryFn: async () => (await listVehicles()) ?? [],
});
export const devicesQuery = queryOptions({
  queryKey: ['devices'],
  queryFn: () =>
    listAll(MAX_PAGES, (position) => getJson('/api/v1/devices', { query: { limit: PAGE_SIZE, ...position } })),
});
export const webhooksQuery = queryOptions({
  queryKey: ['webhooks'],
  queryFn: () =>
    listAll(MAX_PAGES, (position) => getJson('/api/v1/webhooks', { query: { limit: PAGE_SIZE, ...position } })),
});
export const webhookDeliveriesQuery = (id: number) =>
  queryOptions({
    queryKey: ['webhook-deliveries', id],
    queryFn: async () =>
      (await getJson('/api/v1/webhooks/{id}/deliveries', { path: { id }, query: { limit: DELIVERIES } })).items,
    refetchInterval: 3_000,
  });

export const getVehicle = (id: string) => getVersioned('/api/v1/vehicles/{id}', { path: { id } });
export const addVehicle = (vehicle: Schemas['NewVehicle']) => postJson('/api/v1/vehicles', {}, vehicle);
export const changeVehicle = (id: string, change: Schemas['ChangeVehicle'], etag: string | null) =>
  patchJson('/api/v1/vehicles/{id}', { path: { id } }, change, etag);
export const removeVehicle = (id: string) => deleteAt('/api/v1/vehicles/{id}', { path: { id } });

export const addDevice = (device: Schemas['NewDevice']) => postJson('/api/v1/devices', {}, device);
export const removeDevice = (id: string) => deleteAt('/api/v1/devices/{id}', { path: { id } });

export const getUser = (id: number) => getVersioned('/api/v1/users/{id}', { path: { id } });
export const addUser = (user: Schemas['NewUser']) => postJson('/api/v1/users', {}, user);
export const changeUser = (id: number, change: Schemas['ChangeUser'], etag: string | null) =>
  patchJson('/api/v1/users/{id}', { path: { id } }, change, etag);
/** A link with which the user sets its password; only this answer shows it. */
export async function inviteUser(id: number): Promise<{ url: string; expiresAtMs: number }> {
  const answer: unknown = await (await request(`/api/v1/users/${id}/invitation`, { method: 'POST' })).json();
  const { url, expires_at } = Object(answer) as Record<string, unknown>;
  // Without PUBLIC_URL the server knows only the path.
  return { url: new URL(String(url), window.location.href).href, expiresAtMs: Date.parse(String(expires_at)) };
}

export const removeUser = (id: number) => deleteAt('/api/v1/users/{id}', { path: { id } });

export const addWebhook = (webhook: Schemas['NewWebhook']) => postJson('/api/v1/webhooks', {}, webhook);
export const changeWebhook = (id: number, change: Schemas['ChangeWebhook']) =>
  patchJson('/api/v1/webhooks/{id}', { path: { id } }, change);
export const removeWebhook = (id: number) => deleteAt('/api/v1/webhooks/{id}', { path: { id } });
export const testWebhook = (id: number) => postJson('/api/v1/webhooks/{id}/test', { path: { id } }, undefined);
export const rotateSecret = (id: number) =>
  postJson('/api/v1/webhooks/{id}/rotate-secret', { path: { id } }, undefined);
export const retryDelivery = (id: number, delivery: number) =>
  postJson('/api/v1/webhooks/{id}/deliveries/{delivery_id}/retry', { path: { id, delivery_id: delivery } }, undefined);

export const changeRules = (change: Schemas['ChangeRules'], etag: string | null) =>
  patchJson('/api/v1/fleet/rules', {}, change, etag);
export const getRules = () => getVersioned('/api/v1/fleet/rules', {});

/** Without a password after a fresh login. Returns when it will be done: until then it can be taken back. */
export async function eraseUser(id: number, password?: string): Promise<number> {
  const { due_at } = await postJson('/api/v1/users/{id}/erasure', { path: { id } }, { password: password ?? null });
  return Date.parse(due_at);
}
export const keepUser = (id: number) => deleteAt('/api/v1/users/{id}/erasure', { path: { id } });
