/** The signs of vehicles, the same in lists and on maps: lines in a box of 22. In service it is the kind, else the status. */

import { type Kind, kindOf } from '../kinds';
import type { StatusGroup } from './palette';

export const SIGN_BOX = 22;

const KIND_SIGNS: Record<Kind, string> = {
  bus: 'M7 6.5h8a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1zM6.5 10.5h9',
  truck: 'M5 7h7v7.5H5zM12 9.8h2.8L17 12v2.5h-5z',
  van: 'M5 8h8.5l3.5 3.2v3.6H5zM11.5 8v3.4H17',
  car: 'M5.2 14.5v-3.2L6.8 8h8.4l1.6 3.3v3.2zM5.5 11.3h11',
  bike: 'M5 13.5a2 2 0 1 0 4 0 2 2 0 0 0-4 0zM13 13.5a2 2 0 1 0 4 0 2 2 0 0 0-4 0zM7 13.5l2.5-5.5h2.8l2.7 5.5',
  person: 'M11 9.8a2.1 2.1 0 1 0 0-4.2 2.1 2.1 0 0 0 0 4.2zM7.4 15.6a3.6 3.6 0 0 1 7.2 0',
  vehicle: 'M11 6l4 9-4-2-4 2z',
};

const STATUS_SIGNS: Record<Exclude<StatusGroup, 'service'>, string> = {
  waiting: 'M8.6 7.4v7.2M13.4 7.4v7.2',
  late: 'M11 6.4v5.2l3.4 2',
  alarm: 'M11 6.2v6M11 15.6v.1',
  out: 'M7.6 7.6l6.8 6.8M14.4 7.6l-6.8 6.8',
};

/** The name of a sign, by which it is found again. */
export type Sign = Kind | Exclude<StatusGroup, 'service'>;
export const SIGNS = { ...KIND_SIGNS, ...STATUS_SIGNS } as const satisfies Record<Sign, string>;

export function signOf(group: StatusGroup, kind: string): Sign {
  return group === 'service' ? kindOf(kind) : group;
}
