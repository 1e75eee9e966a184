/** The messages that a parcel's client sees when something happens. */

import type { ParcelEvent } from '@milepost/client';
import type { ToastTone } from '../../components/Toasts';
import { isKnownStatus, statusText } from '../../lib/parcels';

export function toastOf(event: ParcelEvent): { text: string; tone: ToastTone } | null {
  switch (event.type) {
    case 'geofence': {
      const place = event.zone === 'pickup' ? 'the pickup' : 'the destination';
      const text = event.event === 'enter' ? `The driver is at ${place}` : `The driver has left ${place}`;
      return { text, tone: 'plain' };
    }
    case 'status_update':
      return isKnownStatus(event.status) ? { text: statusText(event.status), tone: 'plain' } : null;
    case 'tracking_ended':
      return event.status === 'cancelled'
        ? { text: 'The parcel was cancelled', tone: 'bad' }
        : { text: 'The parcel has been delivered', tone: 'good' };
    case 'unsubscribed':
      return { text: event.message ?? 'This parcel is not yours to follow any more', tone: 'bad' };
  }
}
