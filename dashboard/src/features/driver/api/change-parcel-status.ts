/** Changes a parcel's status to its next step. */

import { mutationOptions } from '@tanstack/react-query';
import { patchJson } from '../../../lib/api/request';
import type { ParcelStatus } from '../../../lib/parcels';

export const changeParcelStatus = (id: number) =>
  mutationOptions({
    mutationFn: (status: ParcelStatus) => patchJson('/api/v1/parcels/{id}', { path: { id } }, { status }),
  });
