/** The parcel socket's messages, checked when they are received. */

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

/** A location in the parcel dialect: degrees, and an address that may be empty. */
export interface ParcelLocation {
  lat: number;
  lng: number;
  address: string;
}

export interface ParcelLocationUpdate {
  type: 'location_update';
  parcelId: number;
  driverId: string;
  location: ParcelLocation;
  /** When the fix was taken, RFC 3339; null from an older server that does not send it. */
  timestamp: string | null;
  /** Seconds to the destination; null when unknown. */
  etaSeconds: number | null;
}

export type ParcelEvent =
  | { type: 'geofence'; parcelId: number; zone: 'pickup' | 'destination'; event: 'enter' | 'exit' }
  | { type: 'status_update'; parcelId: number; status: string }
  | { type: 'tracking_ended'; parcelId: number; status: string | null }
  /** This user may no longer follow the parcel, for example because it has another driver now. `message` gives the reason. */
  | { type: 'unsubscribed'; parcelId: number; message: string | null };

export type ParcelMessage = ParcelLocationUpdate | ParcelEvent | { type: 'error'; message: string };

/** Parses a message. Returns null for an unknown kind, because newer servers may add some. Throws an Error that says what is wrong. */
export function parseParcelMessage(text: string): ParcelMessage | null {
  const fields = parseFields(text);
  switch (textOf(fields, 'type')) {
    case 'location_update':
      return locationUpdate(fields);
    case 'geofence': {
      const { zone, event } = fields;
      if (zone !== 'pickup' && zone !== 'destination') throw new TypeError('zone was neither pickup nor destination');
      if (event !== 'enter' && event !== 'exit') throw new TypeError('event was neither enter nor exit');
      return { type: 'geofence', parcelId: numberOf(fields, 'parcel_id'), zone, event };
    }
    case 'status_update':
      return { type: 'status_update', parcelId: numberOf(fields, 'parcel_id'), status: textOf(fields, 'status') };
    case 'tracking_ended': {
      const status = typeof fields.status === 'string' ? fields.status : null;
      return { type: 'tracking_ended', parcelId: numberOf(fields, 'parcel_id'), status };
    }
    case 'unsubscribed': {
      const message = typeof fields.message === 'string' ? fields.message : null;
      return { type: 'unsubscribed', parcelId: numberOf(fields, 'parcel_id'), message };
    }
    case 'error':
      return { type: 'error', message: textOf(fields, 'message') };
    default:
      return null;
  }
}

function locationUpdate(fields: Fields): ParcelLocationUpdate {
  const location = fieldsOf(fields.location, 'location');
  const { address, timestamp } = { address: location.address, timestamp: fields.timestamp };
  return {
    type: 'location_update',
    parcelId: numberOf(fields, 'parcel_id'),
    driverId: textOf(fields, 'driver_id'),
    location: {
      lat: latitudeOf(location),
      lng: longitudeOf(location),
      address: typeof address === 'string' ? address : '',
    },
    timestamp: typeof timestamp === 'string' ? timestamp : null,
    etaSeconds: optionalNumberOf(fields, 'eta_seconds'),
  };
}
