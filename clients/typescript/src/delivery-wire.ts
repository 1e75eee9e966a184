/** The delivery socket's messages, checked when they are received. Times are whole Unix seconds. */

import {
  type Fields,
  fieldsOf,
  latitudeOf,
  longitudeOf,
  numberOf,
  optionalNumberOf,
  parseFields,
  textOf,
} from './check.js';

export const DELIVERY_STATUSES = ['ASSIGNED', 'PICKED_UP', 'IN_TRANSIT', 'DELIVERED'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** The better estimate in seconds: a time that is rather too early than too late, and a range that is right in four of five cases. All fields but `stale` are null when it is stale. */
export interface DeliveryEta {
  seconds: number | null;
  low: number | null;
  high: number | null;
  /** What the estimate uses: `default`, `speed` or `history`. */
  basis: string | null;
  /** True when the last fix is too old for an estimate. */
  stale: boolean;
}

export interface Delivery {
  trackingId: string;
  orderId: string | null;
  /** Null for viewers that may not know it, such as visitors with the public link. */
  riderId: string | null;
  status: DeliveryStatus;
  currentLocation: { lat: number; lng: number; atSeconds: number } | null;
  dropoff: { lat: number; lng: number };
  /** The documented estimate, at 30 km/h in a straight line; null before the first location. */
  etaSeconds: number | null;
  /** Null before the first location and after the delivery. */
  eta: DeliveryEta | null;
  updatedAtSeconds: number;
  /** When the link stops working; null from an older server that does not send it. */
  expiresAtSeconds: number | null;
}

export type DeliveryMessage =
  | { type: 'initial_state' | 'location_update'; delivery: Delivery }
  | { type: 'error'; message: string };

/** Parses a message. Returns null for an unknown kind, because newer servers may add some. Throws an Error that says what is wrong. */
export function parseDeliveryMessage(text: string): DeliveryMessage | null {
  const fields = parseFields(text);
  const type = textOf(fields, 'type');
  if (type === 'error') return { type, message: textOf(fields, 'message') };
  if (type !== 'initial_state' && type !== 'location_update') return null;
  return { type, delivery: deliveryOf(fieldsOf(fields.data, 'data')) };
}

/** Reads a delivery as `GET /tracking/{id}` and the socket send it. */
export function deliveryOf(data: Fields): Delivery {
  const status = DELIVERY_STATUSES.find((each) => each === data.status);
  if (!status) throw new TypeError('status was not one of a delivery');
  const dropoff = fieldsOf(data.dropoff, 'dropoff');
  const { order_id, rider_id, eta } = data;
  return {
    trackingId: textOf(data, 'tracking_id'),
    orderId: typeof order_id === 'string' ? order_id : null,
    riderId: typeof rider_id === 'string' ? rider_id : null,
    status,
    currentLocation: data.current_location ? locationOf(fieldsOf(data.current_location, 'current_location')) : null,
    dropoff: { lat: latitudeOf(dropoff), lng: longitudeOf(dropoff) },
    etaSeconds: optionalNumberOf(data, 'eta_seconds'),
    eta: eta === undefined || eta === null ? null : etaOf(fieldsOf(eta, 'eta')),
    updatedAtSeconds: numberOf(data, 'updated_at'),
    expiresAtSeconds: optionalNumberOf(data, 'expires_at'),
  };
}

function locationOf(fields: Fields) {
  return { lat: latitudeOf(fields), lng: longitudeOf(fields), atSeconds: numberOf(fields, 'timestamp') };
}

function etaOf(fields: Fields): DeliveryEta {
  return {
    seconds: optionalNumberOf(fields, 'seconds'),
    low: optionalNumberOf(fields, 'low'),
    high: optionalNumberOf(fields, 'high'),
    basis: typeof fields.basis === 'string' ? fields.basis : null,
    stale: fields.stale === true,
  };
}
