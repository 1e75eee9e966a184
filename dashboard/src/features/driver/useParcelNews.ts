/** Hears of changes of the driver's parcels: a dispatcher cancels one, or gives it to somebody else. */

import { useLive } from '@milepost/client/live/react';
import { followParcel } from '@milepost/client/live/things';
import { useEffect, useRef } from 'react';
import { hasEnded, type Parcel } from '../../lib/parcels';

/** Further ones are read once a minute. */
const MAX_FOLLOWED = 50;

export function useParcelNews(parcels: readonly Parcel[], onChange: () => void, onEnd: (id: number) => void): void {
  const live = useLive();
  const listeners = useRef({ onChange, onEnd });
  useEffect(() => {
    listeners.current = { onChange, onEnd };
  });
  const key = parcels
    .slice(0, MAX_FOLLOWED)
    .map(({ id, status }) => `${id}:${status}`)
    .join(' ');
  useEffect(() => {
    const stops = key
      .split(' ')
      .filter(Boolean)
      .map((entry) => {
        const [id, known] = entry.split(':');
        const thing = followParcel(live, Number(id));
        return thing.subscribe(() => {
          const { value, status } = thing.snapshot();
          const now = value?.parcel.status;
          if (status === 'failed') listeners.current.onChange();
          else if (now !== undefined && now !== known) {
            if (hasEnded(now)) listeners.current.onEnd(Number(id));
            listeners.current.onChange();
          }
        });
      });
    return () => {
      for (const stop of stops) stop();
    };
  }, [live, key]);
}
