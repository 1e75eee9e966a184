/** Ties a TripMap to a place in the page and to the reader's theme. */

import { type RefObject, useEffect, useState } from 'react';
import type { AppConfig } from '../api/client';
import { TripMap } from './trip-map';

export function useTripMap(container: RefObject<HTMLDivElement | null>, config: AppConfig | null): TripMap | null {
  const [map, setMap] = useState<TripMap | null>(null);
  useEffect(() => {
    if (!container.current || !config) return;
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    const theme = () => (dark.matches ? 'dark' : 'light');
    const created = new TripMap({ container: container.current, theme: theme(), config });
    setMap(created);
    const follow = () => created.setTheme(theme());
    dark.addEventListener('change', follow);
    return () => {
      dark.removeEventListener('change', follow);
      setMap(null);
      created.destroy();
    };
  }, [container, config]);
  return map;
}
