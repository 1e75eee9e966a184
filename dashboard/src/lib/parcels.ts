/** A parcel's status and places in words. */

import type { components } from '@milepost/client/rest';
import type { Text } from './strings/strings';

export type Parcel = components['schemas']['Parcel'];
export type ParcelStatus = Parcel['status'];
export type ParcelPlace = components['schemas']['Place'];

/** The status at each step of the timeline. */
const STATUS_OF_STEP = ['pending', 'assigned', 'picked_up', 'in_transit', 'out_for_delivery', 'delivered'];

/** -1 for a cancelled parcel, which has no step. */
export const stepOf = (status: string): number => STATUS_OF_STEP.indexOf(status);

export function isKnownStatus(status: string): status is ParcelStatus {
  return status === 'cancelled' || stepOf(status) >= 0;
}

/** An unknown status is shown as the server sends it. */
export function parcelText(status: string, t: Pick<Text, 'parcel'>): string {
  return isKnownStatus(status) ? t.parcel.statuses[status] : status.replaceAll('_', ' ');
}

export function hasEnded(status: string): boolean {
  return status === 'delivered' || status === 'cancelled';
}

/** The address, or else the coordinates. */
export function placeText({ address, lat, lng }: ParcelPlace): string {
  return address ? address : `${lat.toFixed(5)}, ${lng.toFixed(5)}`;
}
