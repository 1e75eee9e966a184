/** Whether the driver is on duty. */

import { mutationOptions, queryOptions } from '@tanstack/react-query';
import { getJson, putJson } from '../../../lib/api/request';

/** It may be changed on another phone of the driver's, and by the tenant's rule. */
const REFRESH_EVERY_MS = 60_000;

export const dutyQuery = (driverId: number) =>
  queryOptions({
    queryKey: ['duty', driverId],
    queryFn: () => getJson('/api/v1/duty', {}),
    refetchInterval: REFRESH_EVERY_MS,
    refetchIntervalInBackground: true,
  });

export const changeDuty = () =>
  mutationOptions({
    mutationFn: (offDuty: boolean) => putJson('/api/v1/duty', {}, { off_duty: offDuty }),
  });
