/** Identity providers at which people may sign in. */

import { queryOptions } from '@tanstack/react-query';
import { getJson } from '../../../lib/api/request';

export const providersQuery = queryOptions({
  queryKey: ['providers'],
  // Without an answer the password still works.
  queryFn: () => getJson('/auth/providers', {}).catch(() => []),
  staleTime: Number.POSITIVE_INFINITY,
});
