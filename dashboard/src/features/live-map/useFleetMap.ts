/** Connects a FleetMap with an element of the page, the theme, and the selected bus. */

import { type RefObject, useEffect, useRef } from 'react';
import type { AppConfig } from '../../lib/api/get-config';
import { readTheme, watchTheme } from '../../lib/map/theme';
import type { Routes } from './api/get-routes';
import type { Fleet } from './fleet';
import { FleetMap } from './fleet-map';

export function useFleetMap(
  container: RefObject<HTMLDivElement | null>,
  fleet: Fleet,
  config: AppConfig,
  routes: Routes | null,
  onSelect: (id: string | null) => void,
): RefObject<FleetMap | null> {
  const map = useRef<FleetMap | null>(null);
  useEffect(() => {
    if (!container.current) return;
    const theme = readTheme();
    const created = new FleetMap({ container: container.current, fleet, theme, config, routes, onSelect });
    map.current = created;
    const stopTheme = watchTheme((changed) => created.setTheme(changed));
    return () => {
      stopTheme();
      map.current = null;
      created.destroy();
    };
  }, [container, fleet, config, routes, onSelect]);
  return map;
}
