/** The texts of the page about a delivery. */

import { DELIVERY_STATUSES, type Delivery, type DeliveryEnd, type DeliveryStatus } from '@milepost/client';
import { arrivalText, FRESH_FOR_MS } from '../../lib/time/arrival';

export const STEPS: readonly string[] = ['Rider assigned', 'Picked up', 'On the way', 'Delivered'];

export const stepOf = (status: DeliveryStatus): number => DELIVERY_STATUSES.indexOf(status);

export const HEADLINES: Record<DeliveryStatus, string> = {
  ASSIGNED: 'Your order is about to be picked up',
  PICKED_UP: 'Your order has been picked up',
  IN_TRANSIT: 'Your order is on its way',
  DELIVERED: 'Your order has been delivered',
};

export const ENDS: Record<DeliveryEnd, { title: string; text: string }> = {
  expired: {
    title: 'This link has ended',
    text: 'A delivery can be followed for a while only. Ask the shop if something is missing.',
  },
  not_found: {
    title: 'We can’t find this delivery',
    text: 'Check that the whole link was copied, or ask the shop for a new one.',
  },
  refused: {
    title: 'This delivery can’t be shown',
    text: 'Open the link as it was sent to you, or ask the shop for a new one.',
  },
};

/** The time of arrival; null once delivered, before the first fix, and when the last fix is too old. */
export function arrivalOf(delivery: Delivery, nowMs: number): string | null {
  const { currentLocation, eta, etaSeconds, status } = delivery;
  if (status === 'DELIVERED' || !currentLocation || nowMs - currentLocation.atSeconds * 1_000 > FRESH_FOR_MS)
    return null;
  if (eta) return eta.stale || eta.seconds === null ? null : arrivalText({ ...eta, seconds: eta.seconds });
  return etaSeconds === null ? null : arrivalText({ seconds: etaSeconds, low: null, high: null });
}
