/** Marks alerts read for all who see them, and deletes them. */

import { deleteAt, postJson } from '../../../lib/api/request';

export async function readAlerts(ids: readonly string[]): Promise<void> {
  // One by one, so that a long list does not run into the limit of requests.
  for (const id of ids) await postJson('/api/v1/alerts/{id}/read', { path: { id } }, undefined);
}

export const deleteAlert = (id: string) => deleteAt('/api/v1/alerts/{id}', { path: { id } });
