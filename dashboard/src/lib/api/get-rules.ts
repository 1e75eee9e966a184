/** The tenant's thresholds, for those who may read them. */

import { queryOptions } from '@tanstack/react-query';
import { getJson } from './request';

export const rulesQuery = queryOptions({
  queryKey: ['rules'],
  queryFn: () => getJson('/api/v1/fleet/rules', {}),
  staleTime: 60_000,
});
