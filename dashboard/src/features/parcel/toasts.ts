/** The messages that a parcel's client sees when something happens. */

import type { ParcelZone } from '@milepost/client/live';
import type { ToastTone } from '../../components/Toasts';
import { isKnownStatus, parcelText } from '../../lib/parcels';
import type { Text } from '../../lib/strings/strings';

export interface ToastText {
  text: string;
  tone: ToastTone;
}

export function zoneToast({ zone, event }: ParcelZone, t: Text): ToastText {
  const [at, left] =
    zone === 'pickup' ? [t.parcel.atPickup, t.parcel.leftPickup] : [t.parcel.atDestination, t.parcel.leftDestination];
  return { text: event === 'enter' ? at : left, tone: 'plain' };
}

/** Null for a status that these pages don't know. */
export function statusToast(status: string, t: Text): ToastText | null {
  if (status === 'cancelled') return { text: t.parcel.wasCancelled, tone: 'bad' };
  if (status === 'delivered') return { text: t.parcel.wasDelivered, tone: 'good' };
  return isKnownStatus(status) ? { text: parcelText(status, t), tone: 'plain' } : null;
}
