/** How a parcel is told to its client and its driver. */

import type { ParcelEvent } from '@milepost/client';
import type { ToastTone } from '../components/Toasts';
import type { ParcelStatus } from './api/parcels';

export const STEPS: readonly string[] = [
  'Entered',
  'Driver assigned',
  'Picked up',
  'On the way',
  'Out for delivery',
  'Delivered',
];

const ORDER: readonly ParcelStatus[] = [
  'pending',
  'assigned',
  'picked_up',
  'in_transit',
  'out_for_delivery',
  'delivered',
];

/** -1 for a cancelled parcel, which is at no step. */
export const stepOf = (status: ParcelStatus): number => ORDER.indexOf(status);

export const STATUS_WORDS: Record<ParcelStatus, string> = {
  pending: 'Waiting for a driver',
  assigned: 'A driver will fetch it',
  picked_up: 'Picked up',
  in_transit: 'On the way',
  out_for_delivery: 'Out for delivery',
  delivered: 'Delivered',
  cancelled: 'Cancelled',
};

export function isStatus(text: string): text is ParcelStatus {
  return text in STATUS_WORDS;
}

/** What the client is told at once. */
export function toastOf(event: ParcelEvent): { text: string; tone: ToastTone } | null {
  switch (event.type) {
    case 'geofence': {
      const place = event.zone === 'pickup' ? 'the pickup' : 'the destination';
      return {
        text: event.event === 'enter' ? `The driver is at ${place}` : `The driver has left ${place}`,
        tone: 'plain',
      };
    }
    case 'status_update':
      return isStatus(event.status) ? { text: STATUS_WORDS[event.status], tone: 'plain' } : null;
    case 'tracking_ended':
      return event.status === 'cancelled'
        ? { text: 'The parcel was cancelled', tone: 'bad' }
        : { text: 'The parcel has been delivered', tone: 'good' };
    case 'unsubscribed':
      return { text: event.message ?? 'This parcel is not yours to follow any more', tone: 'bad' };
  }
}
