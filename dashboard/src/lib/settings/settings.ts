/** What a viewer has chosen for this browser: language, time zone, units. Null means what the browser or the server says. */

import { useSyncExternalStore } from 'react';

export type Language = 'en' | 'id';
export type Units = 'km' | 'mi';

export interface Settings {
  language: Language | null;
  /** An IANA name such as `Asia/Jakarta`. */
  timeZone: string | null;
  units: Units | null;
}

const KEY = 'milepost.settings';
const NOTHING: Settings = { language: null, timeZone: null, units: null };

let current: Settings = read();
const listeners = new Set<() => void>();

export function getSettings(): Settings {
  return current;
}

export function changeSettings(change: Partial<Settings>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Storage is forbidden: the choice lasts until the page is closed.
  }
  for (const listener of listeners) listener();
}

export function useSettings(): Settings {
  return useSyncExternalStore(subscribe, getSettings);
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether the browser knows this time zone. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return name !== '';
  } catch {
    return false;
  }
}

function read(): Settings {
  try {
    const { language, timeZone, units } = Object(JSON.parse(localStorage.getItem(KEY) ?? '{}')) as Record<
      string,
      unknown
    >;
    return {
      language: language === 'en' || language === 'id' ? language : null,
      timeZone: typeof timeZone === 'string' && isTimeZone(timeZone) ? timeZone : null,
      units: units === 'km' || units === 'mi' ? units : null,
    };
  } catch {
    return NOTHING;
  }
}
