/** Connects a FleetMap with an element of the page, the theme, and the view of a large fleet. */

import { type RefObject, useEffect, useRef } from 'react';
import type { AppConfig } from '../../lib/api/get-config';
import type { Routes } from '../../lib/api/get-routes';
import type { LiveClient } from '../../lib/live/live-client';
import { readTheme, watchTheme } from '../../lib/map/theme';
import { FleetMap, type FleetMapOptions } from './fleet-map';

export function useFleetMap(
  container: RefObject<HTMLDivElement | null>,
  live: LiveClient,
  isLarge: boolean,
  config: AppConfig,
  routes: Routes | null,
  actions: Pick<FleetMapOptions, 'onSelect' | 'onSpot' | 'onCrowdedSpot' | 'onFollowEnd'>,
): RefObject<FleetMap | null> {
  const map = useRef<FleetMap | null>(null);
  useEffect(() => {
    if (!container.current) return;
    const theme = readTheme();
    const created = new FleetMap({
      container: container.current,
      fleet: live.fleet,
      theme,
      config,
      routes,
      ...actions,
    });
    map.current = created;
    const stopTheme = watchTheme((changed) => created.setTheme(changed));
    return () => {
      stopTheme();
      map.current = null;
      created.destroy();
    };
  }, [container, live, config, routes, actions]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: for each map that the effect above makes
  useEffect(() => {
    if (isLarge) map.current?.setCrowd(live.openView);
  }, [live, isLarge, container, config, routes, actions]);
  return map;
}
