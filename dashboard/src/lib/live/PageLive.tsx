/** A connection for a page that shows one thing, and no more than that. */

import { connect, type Live } from '@milepost/client/live';
import { LiveProvider, useConnection } from '@milepost/client/live/react';
import { type ReactNode, useEffect, useState } from 'react';
import { isSessionOver } from './connection-state';

interface Props {
  /** The public link of a delivery, or the token of a guest; without one the session's cookie counts. */
  link?: string;
  token?: string;
  onSessionEnd?: () => void;
  children: ReactNode;
}

export function PageLive({ link, token, onSessionEnd, children }: Props) {
  const [live, setLive] = useState<Live | null>(null);
  useEffect(() => {
    const opened = connect({ link, token });
    setLive(opened);
    return () => opened.close();
  }, [link, token]);
  if (!live) return <div className="splash" aria-busy="true" />;
  return (
    <LiveProvider live={live}>
      {onSessionEnd ? <SessionEnd onSessionEnd={onSessionEnd} /> : null}
      {children}
    </LiveProvider>
  );
}

function SessionEnd({ onSessionEnd }: { onSessionEnd: () => void }) {
  const isOver = isSessionOver(useConnection());
  useEffect(() => {
    if (isOver) onSessionEnd();
  }, [isOver, onSessionEnd]);
  return null;
}
