/** What the server tells every page about its map; without an answer the map does without tiles. */

import { useEffect, useState } from 'react';
import { type AppConfig, getConfig } from './client';

const NO_CONFIG: AppConfig = { tile_url: null, tile_attribution: null, version: '' };

export function useConfig(): AppConfig | null {
  const [config, setConfig] = useState<AppConfig | null>(null);
  useEffect(() => {
    let isCurrent = true;
    void getConfig()
      .catch(() => NO_CONFIG)
      .then((told) => isCurrent && setConfig(told));
    return () => {
      isCurrent = false;
    };
  }, []);
  return config;
}
