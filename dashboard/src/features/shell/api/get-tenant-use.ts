/** What the tenant has: one item of each list tells. */

import { queryOptions } from '@tanstack/react-query';
import type { Me } from '../../../lib/api/get-me';
import { getJson } from '../../../lib/api/request';
import { may } from '../../../lib/roles';
import type { TenantUse } from '../navigation';

const ONE = { query: { limit: 1 } };

export const tenantUseQuery = (me: Me) =>
  queryOptions({
    queryKey: ['tenant-use', me.id],
    enabled: may(me, 'fleet'),
    staleTime: 60_000,
    queryFn: async (): Promise<TenantUse> => {
      const [vehicles, parcels, cadets] = await Promise.all([
        getJson('/api/v1/vehicles', ONE),
        getJson('/api/v1/parcels', ONE),
        may(me, 'records') ? getJson('/api/v1/cadets', ONE) : { items: [] },
      ]);
      return {
        hasVehicles: vehicles.items.length > 0,
        hasParcels: parcels.items.length > 0,
        hasCadets: cadets.items.length > 0,
      };
    },
  });
