/** The server's present state of a parcel. */

import { queryOptions } from '@tanstack/react-query';
import { getJson } from '../../../lib/api/request';

export const parcelQuery = (id: number) =>
  queryOptions({
    queryKey: ['parcel', id, 'state'],
    queryFn: () => getJson('/api/v1/parcels/{id}', { path: { id } }),
  });
