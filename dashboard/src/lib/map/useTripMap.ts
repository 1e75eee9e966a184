/** Connects a TripMap with an element of the page and the theme. */

import { type RefObject, useEffect, useState } from 'react';
import type { AppConfig } from '../api/get-config';
import { readTheme, watchTheme } from './theme';
import { TripMap } from './trip-map';

export function useTripMap(container: RefObject<HTMLDivElement | null>, config: AppConfig | undefined): TripMap | null {
  const [map, setMap] = useState<TripMap | null>(null);
  useEffect(() => {
    if (!container.current || !config) return;
    const created = new TripMap({ container: container.current, theme: readTheme(), config });
    setMap(created);
    const stopTheme = watchTheme((theme) => created.setTheme(theme));
    return () => {
      stopTheme();
      setMap(null);
      created.destroy();
    };
  }, [container, config]);
  return map;
}
