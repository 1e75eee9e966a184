/** A delivery's step and arrival. */

import { DELIVERY_STATUSES, type Delivery, type DeliveryStatus } from '@milepost/client';
import type { Text } from '../../lib/strings/strings';
import { arrivalText, FRESH_FOR_MS } from '../../lib/time/arrival';

export const stepOf = (status: DeliveryStatus): number => DELIVERY_STATUSES.indexOf(status);

/** The time of arrival; null once delivered, before the first fix, and when the last fix is too old. */
export function arrivalOf(delivery: Delivery, nowMs: number, t: Text): string | null {
  const { currentLocation, eta, etaSeconds, status } = delivery;
  if (status === 'DELIVERED' || !currentLocation || nowMs - currentLocation.atSeconds * 1_000 > FRESH_FOR_MS)
    return null;
  if (eta) return eta.stale || eta.seconds === null ? null : arrivalText({ ...eta, seconds: eta.seconds }, t);
  return etaSeconds === null ? null : arrivalText({ seconds: etaSeconds, low: null, high: null }, t);
}
