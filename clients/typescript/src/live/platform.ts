/** What the live client uses of a browser, of Node or of React Native. A program can give its own. */

import { platformOf, type Platform as TrackingPlatform } from '../platform.js';

/**
 * - `show`: the program is in front again, or woke up. The connection is checked at once.
 * - `hide`: it is in the background. The connection is checked less often.
 * - `online`, `offline`: the network changed. The connection is checked at once.
 * - `freeze`: it is about to stand still. The connection is given up until `show`.
 */
export type Signal = 'show' | 'hide' | 'online' | 'offline' | 'freeze';

export interface LivePlatform
  extends Pick<TrackingPlatform, 'webSocket' | 'fetch' | 'nowMs' | 'random' | 'setTimer' | 'clearTimer'> {
  /** Calls `run` before the next frame is drawn, or soon if nothing is drawn. */
  frame: (run: () => void) => void;
  /** Calls `signal` until the returned function is called. */
  watch: (signal: (signal: Signal) => void) => () => void;
}

export function livePlatformOf(given: Partial<LivePlatform> = {}): LivePlatform {
  const platform = platformOf(given);
  return {
    ...platform,
    frame: (run) => {
      // A hidden page draws no frames.
      if (typeof document !== 'undefined' && document.visibilityState === 'visible') requestAnimationFrame(run);
      else platform.setTimer(run, FRAME_MS);
    },
    watch: typeof document === 'undefined' ? () => () => undefined : watchPage,
    ...given,
  };
}

const FRAME_MS = 16;

function watchPage(signal: (signal: Signal) => void): () => void {
  const showOrHide = () => signal(document.visibilityState === 'visible' ? 'show' : 'hide');
  const events: [EventTarget, string, () => void][] = [
    [window, 'online', () => signal('online')],
    [window, 'offline', () => signal('offline')],
    [window, 'pageshow', showOrHide],
    // A page with an open socket is not kept for going back to it.
    [window, 'pagehide', () => signal('freeze')],
    [document, 'visibilitychange', showOrHide],
    [document, 'resume', showOrHide],
  ];
  for (const [target, name, listener] of events) target.addEventListener(name, listener);
  if (document.visibilityState === 'hidden') signal('hide');
  return () => {
    for (const [target, name, listener] of events) target.removeEventListener(name, listener);
  };
}
