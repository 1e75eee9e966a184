/** Texts for a parcel's status, for the pages of clients and drivers. */

import type { components } from '@milepost/client/rest';

export type Parcel = components['schemas']['Parcel'];
export type ParcelStatus = Parcel['status'];
export type ParcelPlace = components['schemas']['Place'];

const STATUS_WORDS: Record<ParcelStatus, string> = {
  pending: 'Waiting for a driver',
  assigned: 'A driver will fetch it',
  picked_up: 'Picked up',
  in_transit: 'On the way',
  out_for_delivery: 'Out for delivery',
  delivered: 'Delivered',
  cancelled: 'Cancelled',
};

/** The steps of the timeline, and the status at each. */
export const STEPS = ['Entered', 'Driver assigned', 'Picked up', 'On the way', 'Out for delivery', 'Delivered'];
const STATUS_OF_STEP = ['pending', 'assigned', 'picked_up', 'in_transit', 'out_for_delivery', 'delivered'];

/** -1 for a cancelled parcel, which has no step. */
export const stepOf = (status: string): number => STATUS_OF_STEP.indexOf(status);

export function isKnownStatus(status: string): status is ParcelStatus {
  return status in STATUS_WORDS;
}

/** An unknown status is shown as the server sends it. */
export function statusText(status: string): string {
  return isKnownStatus(status) ? STATUS_WORDS[status] : status.replaceAll('_', ' ');
}

export function hasEnded(status: string): boolean {
  return status === 'delivered' || status === 'cancelled';
}

/** The address, or else the coordinates. */
export function placeText({ address, lat, lng }: ParcelPlace): string {
  return address ? address : `${lat.toFixed(5)}, ${lng.toFixed(5)}`;
}
