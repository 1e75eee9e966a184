/** The messages that a parcel's client sees when something happens. */

import type { ParcelEvent } from '@milepost/client';
import type { ToastTone } from '../../components/Toasts';
import { isKnownStatus, parcelText } from '../../lib/parcels';
import type { Text } from '../../lib/strings/strings';

export function toastOf(event: ParcelEvent, t: Text): { text: string; tone: ToastTone } | null {
  switch (event.type) {
    case 'geofence': {
      const [at, left] =
        event.zone === 'pickup'
          ? [t.parcel.atPickup, t.parcel.leftPickup]
          : [t.parcel.atDestination, t.parcel.leftDestination];
      return { text: event.event === 'enter' ? at : left, tone: 'plain' };
    }
    case 'status_update':
      return isKnownStatus(event.status) ? { text: parcelText(event.status, t), tone: 'plain' } : null;
    case 'tracking_ended':
      return event.status === 'cancelled'
        ? { text: t.parcel.wasCancelled, tone: 'bad' }
        : { text: t.parcel.wasDelivered, tone: 'good' };
    case 'unsubscribed':
      return { text: event.message ?? t.parcel.notYours, tone: 'bad' };
  }
}
