/** The bus socket's messages, checked when they are received. */

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

/** The location of a bus. */
export interface BusLocation {
  busId: string;
  /** Null if the operator has entered none. */
  licensePlate: string | null;
  latitude: number;
  longitude: number;
  /** 0 when unknown. */
  speedKmh: number;
  /** Degrees from north; 0 when unknown. */
  headingDeg: number;
  /** The status as the operator set it, such as `on_route`. */
  status: string;
  /** When the bus was there, RFC 3339. */
  timestamp: string;
  /** True in a replay, false in live updates. */
  isReplayed: boolean;
}

export type BusMessage =
  | { type: 'location_update'; location: BusLocation }
  | { type: 'replay_complete'; count: number }
  | { type: 'presence'; viewing: number }
  | { type: 'error'; message: string };

/** Parses a message. Returns null for an unknown kind, because newer servers may add some. Throws an Error that says what is wrong. */
export function parseBusMessage(text: string): BusMessage | null {
  const fields = parseFields(text);
  const type = textOf(fields, 'type');
  switch (type) {
    case 'location_update':
      return { type, location: locationOf(fieldsOf(fields.data, 'data'), fields.replayed === true) };
    case 'replay_complete':
      return { type, count: numberOf(fields, 'count') };
    case 'presence':
      return { type, viewing: numberOf(fieldsOf(fields.data, 'data'), 'viewing') };
    case 'error':
      return { type, message: textOf(fields, 'message') };
    default:
      return null;
  }
}

function locationOf(data: Fields, isReplayed: boolean): BusLocation {
  const timestamp = textOf(data, 'timestamp');
  if (Number.isNaN(Date.parse(timestamp))) throw new TypeError('timestamp was not a time');
  return {
    busId: textOf(data, 'bus_id'),
    licensePlate: typeof data.license_plate === 'string' ? data.license_plate : null,
    latitude: latitudeOf(data, 'latitude'),
    longitude: longitudeOf(data, 'longitude'),
    speedKmh: optionalNumberOf(data, 'speed') ?? 0,
    headingDeg: optionalNumberOf(data, 'heading') ?? 0,
    status: typeof data.status === 'string' ? data.status : '',
    timestamp,
    isReplayed,
  };
}
