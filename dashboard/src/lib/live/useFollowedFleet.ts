/** All vehicles that the holder of a page's connection may follow, for pages that have no signed-in session. */

import { type Live, LiveError } from '@milepost/client/live';
import { useEffect, useState } from 'react';
import { Fleet } from './fleet';

export function useFollowedFleet(live: Live): { fleet: Fleet; isListed: boolean } {
  const [fleet] = useState(() => new Fleet());
  const [isListed, setIsListed] = useState(false);
  useEffect(() => {
    const changes = live.vehicles()[Symbol.asyncIterator]();
    const follow = async () => {
      for await (const change of { [Symbol.asyncIterator]: () => changes }) {
        if (change.type === 'set') fleet.apply(change.vehicle);
        else if (change.type === 'gone') fleet.remove(change.id);
        else setIsListed(true);
      }
    };
    // A refusal is the state of the connection, which the page shows.
    void follow().catch((error: unknown) => {
      if (!(error instanceof LiveError)) throw error;
    });
    return () => void changes.return?.();
  }, [live, fleet]);
  return { fleet, isListed };
}
