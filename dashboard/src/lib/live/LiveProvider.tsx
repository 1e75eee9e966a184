/** Runs the live client of a session, and brings its facts into the query cache. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import type { Me } from '../api/get-me';
import { rulesQuery } from '../api/get-rules';
import { may } from '../roles';
import { applyFacts } from './apply-facts';
import { LiveClient } from './live-client';
import { LiveContext } from './useLive';

interface Props {
  me: Me;
  onSessionEnd: () => void;
  children: ReactNode;
}

export function LiveProvider({ me, onSessionEnd, children }: Props) {
  const queries = useQueryClient();
  const [client, setClient] = useState<LiveClient | null>(null);
  useEffect(() => {
    let isCurrent = true;
    const live = new LiveClient(me, () => isCurrent && onSessionEnd());
    const stopFacts = applyFacts(live, queries);
    live.start();
    setClient(live);
    return () => {
      isCurrent = false;
      stopFacts();
      live.stop();
    };
  }, [me, onSessionEnd, queries]);

  const { data: rules } = useQuery({ ...rulesQuery, enabled: may(me, 'fleet') });
  // The rules follow a change of the threshold; who may not read them keeps what held at the start.
  const offlineAfterS = rules?.thresholds?.offline_after_s;
  const offlineAfterMs = offlineAfterS === undefined ? me.offlineAfterMs : offlineAfterS * 1_000;
  useEffect(() => client?.fleet.setOfflineAfter(offlineAfterMs), [client, offlineAfterMs]);

  return client ? <LiveContext value={client}>{children}</LiveContext> : <div className="splash" aria-busy="true" />;
}
