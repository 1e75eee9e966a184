/** Changes a parcel's status to its next step. */

import { mutationOptions } from '@tanstack/react-query';
import { patchJson } from '../../../lib/api/request';

export const changeParcelStatus = (id: number) =>
  mutationOptions({
    mutationFn: (status: string) => patchJson('/api/v1/parcels/{id}', { path: { id } }, { status }),
  });
