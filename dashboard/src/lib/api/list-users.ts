/** The tenant's users, for those who may list them. */

import type { components } from '@milepost/client/rest';
import { queryOptions } from '@tanstack/react-query';
import { listAll } from './list-all';
import { getJson } from './request';

export type User = components['schemas']['User'];

const PAGE_SIZE = 500;
const MAX_PAGES = 20;

export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: () =>
    listAll(MAX_PAGES, (position) => getJson('/api/v1/users', { query: { limit: PAGE_SIZE, ...position } })),
  staleTime: 30_000,
});
