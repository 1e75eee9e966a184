/** The driver's active parcels, read again once a minute, when the page comes to the front, and when asked. */

import { useCallback, useEffect, useState } from 'react';
import { ApiError } from '../../lib/api/client';
import { hasEnded, listParcels, type Parcel } from '../../lib/api/parcels';

const READ_EVERY_MS = 60_000;

export function useMyParcels(driverId: number, onSessionEnd: () => void) {
  const [parcels, setParcels] = useState<Parcel[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  const readAgain = useCallback(async () => {
    try {
      const mine = (await listParcels()).filter((parcel) => parcel.driver_id === driverId && !hasEnded(parcel.status));
      setParcels(mine);
      setProblem(null);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return onSessionEnd();
      setProblem(error instanceof ApiError ? error.message : String(error));
    }
  }, [driverId, onSessionEnd]);

  useEffect(() => {
    void readAgain();
    const whenSeen = () => document.visibilityState === 'visible' && void readAgain();
    const timer = window.setInterval(() => void readAgain(), READ_EVERY_MS);
    document.addEventListener('visibilitychange', whenSeen);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener('visibilitychange', whenSeen);
    };
  }, [readAgain]);

  return { parcels, problem, readAgain };
}
