/** Sorts the operator's status texts, which are not a fixed list, into the groups that the page draws differently. */

import type { StatusGroup } from './map/palette';

export const STATUS_GROUPS: readonly StatusGroup[] = ['service', 'waiting', 'late', 'alarm', 'out'];

const GROUP_OF_WORD: Record<string, StatusGroup> = {
  waiting: 'waiting',
  idle: 'waiting',
  stopped: 'waiting',
  parked: 'waiting',
  at_stop: 'waiting',
  layover: 'waiting',
  paused: 'waiting',
  late: 'late',
  delayed: 'late',
  diverted: 'late',
  detour: 'late',
  out: 'out',
  out_of_service: 'out',
  maintenance: 'out',
  inactive: 'out',
  retired: 'out',
  off_duty: 'out',
  offline: 'out',
  alarm: 'alarm',
  emergency: 'alarm',
  sos: 'alarm',
  breakdown: 'alarm',
  accident: 'alarm',
  broken_down: 'alarm',
};

/** Unknown texts count as in service, because the bus reports. */
export function statusGroup(status: string): StatusGroup {
  return (
    GROUP_OF_WORD[
      status
        .trim()
        .toLowerCase()
        .replace(/[\s-]+/g, '_')
    ] ?? 'service'
  );
}

/** `on_route` → `On route`. */
export function statusText(status: string): string {
  const words = status.replace(/[_-]+/g, ' ').trim();
  return words === '' ? 'Unknown' : words.charAt(0).toUpperCase() + words.slice(1);
}
