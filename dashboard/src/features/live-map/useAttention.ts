/** Of a large fleet those are followed that are found, or else those of the list that can be seen, and the selected one. */

import { useEffect, useMemo } from 'react';
import type { LiveVehicle } from '../../lib/live/fleet';
import type { LiveClient } from '../../lib/live/live-client';
import type { Filters } from './filters';

/** While somebody scrolls or types, what is followed stays as it is. */
const ATTEND_AFTER_MS = 300;
const NONE: readonly string[] = [];

export interface Attention {
  found: LiveVehicle[];
  isNarrowed: boolean;
  filters: Filters;
  /** The ids of the rows that are rendered. */
  visible: readonly string[];
  selectedId: string | null;
}

export function useAttention(
  live: LiveClient,
  isLarge: boolean,
  { found, isNarrowed, filters, visible, selectedId }: Attention,
): void {
  // A state is that of now: to find it, all must be followed.
  const wanted = useMemo(() => {
    if (filters.condition) return 'all';
    const ids = isNarrowed ? found.map(({ id }) => id) : visible;
    return selectedId === null ? ids : [...ids, selectedId];
  }, [found, isNarrowed, filters, visible, selectedId]);
  useEffect(() => {
    if (!isLarge) return;
    const timer = window.setTimeout(() => live.attend(wanted), ATTEND_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [live, isLarge, wanted]);
  useEffect(() => () => live.attend(NONE), [live]);
}
