/** Connects a FleetMap with an element of the page, the theme, and the selected vehicle. */

import { type RefObject, useEffect, useRef } from 'react';
import type { AppConfig } from '../../lib/api/get-config';
import type { Routes } from '../../lib/api/get-routes';
import type { Fleet } from '../../lib/live/fleet';
import { readTheme, watchTheme } from '../../lib/map/theme';
import { FleetMap, type FleetMapOptions } from './fleet-map';

export function useFleetMap(
  container: RefObject<HTMLDivElement | null>,
  fleet: Fleet,
  config: AppConfig,
  routes: Routes | null,
  actions: Pick<FleetMapOptions, 'onSelect' | 'onSpot' | 'onFollowEnd'>,
): RefObject<FleetMap | null> {
  const map = useRef<FleetMap | null>(null);
  useEffect(() => {
    if (!container.current) return;
    const theme = readTheme();
    const created = new FleetMap({ container: container.current, fleet, theme, config, routes, ...actions });
    map.current = created;
    const stopTheme = watchTheme((changed) => created.setTheme(changed));
    return () => {
      stopTheme();
      map.current = null;
      created.destroy();
    };
  }, [container, fleet, config, routes, actions]);
  return map;
}
