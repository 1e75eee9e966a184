/** Keeps the screen on while sharing, if the browser can: a sleeping phone sends nothing. */

import { useEffect } from 'react';

export function useWakeLock(isOn: boolean): void {
  useEffect(() => {
    if (!isOn || !('wakeLock' in navigator)) return;
    let lock: WakeLockSentinel | null = null;
    let isCurrent = true;
    const ask = async () => {
      if (document.visibilityState !== 'visible') return;
      // The browser refuses it when the battery is low. Then the screen sleeps, and sharing pauses without a message.
      const given = await navigator.wakeLock.request('screen').catch(() => null);
      if (isCurrent) lock = given;
      else void given?.release();
    };
    void ask();
    document.addEventListener('visibilitychange', ask); // the lock is lost with the page's turn in front
    return () => {
      isCurrent = false;
      document.removeEventListener('visibilitychange', ask);
      void lock?.release();
    };
  }, [isOn]);
}
