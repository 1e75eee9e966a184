/** A delivery's step and arrival. */

import type { Delivery } from '@milepost/client/live';
import type { Text } from '../../lib/strings/strings';
import { arrivalText, FRESH_FOR_MS } from '../../lib/time/arrival';

const STATUSES: readonly Delivery['status'][] = ['ASSIGNED', 'PICKED_UP', 'IN_TRANSIT', 'DELIVERED'];

export const stepOf = (status: Delivery['status']): number => STATUSES.indexOf(status);

/** The time of arrival; null once delivered, before the first fix, and when the last fix is too old. */
export function arrivalOf({ place, eta, eta_seconds, status }: Delivery, nowMs: number, t: Text): string | null {
  if (status === 'DELIVERED' || !place || nowMs - place.t > FRESH_FOR_MS) return null;
  if (eta) return eta.stale || eta.seconds === null ? null : arrivalText({ ...eta, seconds: eta.seconds }, t);
  return eta_seconds === null ? null : arrivalText({ seconds: eta_seconds, low: null, high: null }, t);
}
