/** Connects a TrackMap with an element of the page and the theme. */

import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { configQuery } from '../api/get-config';
import { readTheme, watchTheme } from './theme';
import { TrackMap, type TrackMapOptions } from './track-map';

type Actions = Pick<TrackMapOptions, 'onPath' | 'onArea'>;

/** `canvas` is the `ref` of the map's element. The map is null until the server's settings of it have been read. */
export function useTrackMap(actions: Actions = {}): {
  map: TrackMap | null;
  canvas: (element: HTMLDivElement | null) => void;
} {
  const { data: config } = useQuery(configQuery);
  const [container, canvas] = useState<HTMLDivElement | null>(null);
  const [map, setMap] = useState<TrackMap | null>(null);
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    if (!container || !config) return;
    const created = new TrackMap({
      container,
      theme: readTheme(),
      config,
      onPath: (path, piece) => latest.current.onPath?.(path, piece),
      onArea: (id) => latest.current.onArea?.(id),
    });
    setMap(created);
    const stopTheme = watchTheme((theme) => created.setTheme(theme));
    return () => {
      stopTheme();
      setMap(null);
      created.destroy();
    };
  }, [container, config]);
  return { map, canvas };
}
