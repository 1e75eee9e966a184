/** What the map needs before it can be drawn. */

import { useEffect, useState } from 'react';
import { type AppConfig, getConfig, getRoutes, type Routes } from '../../lib/api/client';

const NO_CONFIG: AppConfig = { tile_url: null, tile_attribution: null, version: '' };

export function useMapData(): { config: AppConfig; routes: Routes | null } | null {
  const [data, setData] = useState<{ config: AppConfig; routes: Routes | null } | null>(null);
  useEffect(() => {
    let isCurrent = true;
    void Promise.all([getConfig().catch(() => NO_CONFIG), getRoutes()]).then(([config, routes]) => {
      if (isCurrent) setData({ config, routes });
    });
    return () => {
      isCurrent = false;
    };
  }, []);
  return data;
}
