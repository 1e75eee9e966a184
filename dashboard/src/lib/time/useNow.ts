/** The server's time, ticking once a second. */

import { useEffect, useState } from 'react';
import { serverNowMs } from './server-clock';

export function useNow(): number {
  const [nowMs, setNowMs] = useState(serverNowMs);
  useEffect(() => {
    const timer = window.setInterval(() => setNowMs(serverNowMs()), 1_000);
    return () => window.clearInterval(timer);
  }, []);
  return nowMs;
}
