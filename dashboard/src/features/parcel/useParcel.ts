/** A parcel as the server has it, read again whenever something may have changed. */

import { useCallback, useEffect, useState } from 'react';
import { ApiError } from '../../lib/api/client';
import { getParcel, getParcelPath, type Parcel, type ParcelStatus } from '../../lib/api/parcels';

export type ParcelReading =
  | { kind: 'reading' }
  | { kind: 'refused'; error: ApiError }
  | { kind: 'read'; parcel: Parcel; path: [number, number][] };

export function useParcel(id: number) {
  const [reading, setReading] = useState<ParcelReading>({ kind: 'reading' });

  const readAgain = useCallback(async () => {
    try {
      const [parcel, path] = await Promise.all([getParcel(id), getParcelPath(id)]);
      setReading({ kind: 'read', parcel, path });
    } catch (error) {
      const refusal = error instanceof ApiError ? error : new ApiError(0, String(error), null);
      // A parcel that was read once stays on the page while the server is away.
      const isFinal = [401, 403, 404].includes(refusal.status);
      setReading((now) => (now.kind === 'read' && !isFinal ? now : { kind: 'refused', error: refusal }));
    }
  }, [id]);

  useEffect(() => void readAgain(), [readAgain]);

  const setStatus = useCallback((status: ParcelStatus) => {
    setReading((now) => (now.kind === 'read' ? { ...now, parcel: { ...now.parcel, status } } : now));
  }, []);

  return { reading, readAgain, setStatus };
}
