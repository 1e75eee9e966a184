/** A parcel and its path, read again whenever they may have changed. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { ApiError } from '../../lib/api/request';
import type { Parcel, ParcelStatus } from '../../lib/parcels';
import { parcelQuery } from './api/get-parcel';
import { type PathPoint, parcelPathQuery } from './api/get-parcel-path';

export type ParcelReading =
  | { kind: 'reading' }
  | { kind: 'refused'; error: ApiError }
  | { kind: 'read'; parcel: Parcel; path: PathPoint[] };

export function useParcel(id: number) {
  const queries = useQueryClient();
  const { data: parcel, error } = useQuery(parcelQuery(id));
  const { data: path } = useQuery(parcelPathQuery(id));

  const refresh = useCallback(() => void queries.invalidateQueries({ queryKey: ['parcel', id] }), [queries, id]);
  /** Shows the status at once, and reads again, because an answer that is under way may be older. */
  const setStatus = useCallback(
    (status: ParcelStatus) => {
      queries.setQueryData(parcelQuery(id).queryKey, (known) => known && { ...known, status });
      refresh();
    },
    [queries, id, refresh],
  );
  return { reading: readingOf(parcel, path, error), refresh, setStatus };
}

/** A parcel stays on the page while the server is away, but not after it was removed or given to another user. */
function readingOf(parcel: Parcel | undefined, path: PathPoint[] | undefined, error: Error | null): ParcelReading {
  const refusal = error && (error instanceof ApiError ? error : new ApiError(0, String(error)));
  if (refusal && (!parcel || [401, 403, 404].includes(refusal.status))) return { kind: 'refused', error: refusal };
  return parcel && path ? { kind: 'read', parcel, path } : { kind: 'reading' };
}
