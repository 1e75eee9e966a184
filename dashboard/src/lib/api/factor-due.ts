/** Whether the server asks this user for a second factor before everything else. */

import { useSyncExternalStore } from 'react';

let isDue = false;
const listeners = new Set<() => void>();

/** Told by an answer: one that was refused for it, or null once it is not known any more. */
export function setFactorDue(due: boolean): void {
  if (due === isDue) return;
  isDue = due;
  for (const listener of listeners) listener();
}

export function useFactorDue(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => isDue,
  );
}
