/** Ties a FleetMap to a place in the page, to the reader's theme, and to what is selected. */

import { type RefObject, useEffect, useRef } from 'react';
import type { AppConfig, Routes } from '../../lib/api/client';
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
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    const theme = () => (dark.matches ? 'dark' : 'light');
    const created = new FleetMap({ container: container.current, fleet, theme: theme(), config, routes, onSelect });
    map.current = created;
    const follow = () => created.setTheme(theme());
    dark.addEventListener('change', follow);
    return () => {
      dark.removeEventListener('change', follow);
      map.current = null;
      created.destroy();
    };
  }, [container, fleet, config, routes, onSelect]);
  return map;
}
