/** The messages of the live protocol, version 1 (`docs/live-protocol.md`). Unknown fields are kept, unknown kinds are passed over. */

import type { components } from '../rest/schema.js';

type Schemas = components['schemas'];
export type Alert = Schemas['Alert'];
export type Trip = Schemas['Trip'];
export type Cadet = Omit<Schemas['Cadet'], 'attendance'>;
export type Notification = Schemas['Notification'];
export type Message = Schemas['Message'];
export type Notice = Notification | Message;

/** Where a vehicle is. An absent field is unknown. */
export interface Place {
  /** Degrees north. */
  readonly lat: number;
  /** Degrees east. */
  readonly lon: number;
  /** km/h. */
  readonly speed?: number;
  /** Degrees from north. */
  readonly heading?: number;
  /** When the position was taken, Unix milliseconds. */
  readonly t: number;
}

/** A vehicle as it is now. It is replaced, not changed, when something of it changes. */
export interface Vehicle {
  readonly id: string;
  readonly kind: string;
  /** A name for people. */
  readonly label: string;
  readonly license_plate: string | null;
  readonly route: string | null;
  readonly status: string;
  readonly driver_id: number | null;
  /** Null before the first position, and while its driver is off duty. */
  readonly place: Place | null;
  /** Since when its driver is off duty, Unix milliseconds; absent on duty. */
  readonly off_duty_since?: number;
}

/** Something that happened. `data` has the names of the REST API. */
export interface FactOf<Type extends string, Data> {
  readonly type: Type;
  readonly data: Data;
  /** When the server stored it, Unix milliseconds. */
  readonly t: number;
  /** To resume after it: give it as `after`. It is opaque. */
  readonly cursor: string;
}

export type AlertFact =
  | FactOf<'alert.raised', Alert>
  | FactOf<'alert.read', { id: string; read_at: string; read_by?: number }>
  | FactOf<'alert.deleted', { id: string }>;

/** What late positions changed: absent in what is new. */
export type Change = 'added' | 'mended' | 'withdrawn';
export type TripFact =
  | FactOf<'trip.changed', Trip & { change?: Change }>
  /** A running trip as it is now. It is not kept: what was missed comes with the next one. */
  | FactOf<'trip.progressed', Trip>;

export type VehicleFact =
  | FactOf<
      'geofence.crossed',
      {
        vehicle_id: string;
        driver_id: number | null;
        geofence_id: number;
        geofence_name: string;
        event: 'enter' | 'exit' | 'dwell';
        latitude: number;
        longitude: number;
        timestamp: string;
        visit_id: string | null;
        change?: Change;
        corrects?: string;
      }
    >
  | FactOf<
      'driver.event',
      {
        vehicle_id: string;
        driver_id: number | null;
        event: 'speeding' | 'harsh_braking' | 'harsh_acceleration' | 'harsh_cornering';
        severity: Alert['severity'];
        description: string;
        timestamp: string;
        change?: Change;
        corrects?: string;
      }
    >
  | FactOf<
      'maintenance.due',
      {
        vehicle_id: string;
        basis: 'odometer' | 'date';
        severity: Alert['severity'];
        description: string;
        timestamp: string;
        change?: Change;
      }
    >;

export type NoticeFact =
  | FactOf<'notification.sent', Notification>
  | FactOf<'message.sent', Message>
  | FactOf<'notification.read' | 'message.read', { id: number; read_at: string }>;

/** A cadet's totals. */
export type Standing = Pick<
  Cadet,
  'merit_points' | 'demerit_points' | 'attendance_present' | 'prelim_score' | 'midterm_score' | 'final_score'
>;

export type CadetFact =
  | FactOf<
      'grade.updated',
      Standing & {
        id: number;
        cadet_id: number;
        type: 'merit' | 'demerit';
        points: number;
        reason: string;
        removed: boolean;
      }
    >
  | FactOf<
      'attendance.updated',
      {
        cadet_id: number;
        training_day_id: number;
        status: 'present' | 'absent' | 'late' | 'excused';
        time_in: string | null;
        time_out: string | null;
        attendance_present: number;
      }
    >
  | FactOf<'scores.updated', { cadet_id: number } & Pick<Standing, 'prelim_score' | 'midterm_score' | 'final_score'>>
  | FactOf<'sync_event', { event_type: string; cadet_id: number | null; payload: unknown }>;

/** The answer to `hello`. */
export interface Welcome {
  op: 'welcome';
  v: number;
  /** The server process. */
  epoch: string;
  tenant: string;
  /** Absent for visitors and devices. */
  role?: string;
  /** Seconds until the credential expires; null if it does not. */
  expires_in: number | null;
  beat_s: number;
  features: string[];
  limits: { subscriptions: number; names: number; message_bytes: number };
}

export interface Ready {
  op: 'ready';
  s: number;
  count?: number;
  complete?: boolean;
  cursor?: string;
}

export interface Bye {
  op: 'bye';
  why: string;
  message: string;
  retry_ms: [number, number] | null;
}

export interface Failure {
  op: 'error';
  s?: number;
  re?: number;
  code: string;
  message: string;
  retry_ms: number | null;
}

/** The answer to a request. */
export interface Ok {
  op: 'ok';
  re?: number;
  /** To `auth`. */
  expires_in?: number | null;
  /** To `report`: positions that were stored now, that had been stored before, and that were refused, by their index. */
  accepted?: number;
  duplicates?: number;
  rejected?: { index: number; detail: string }[];
}

/** West, south, east and north in degrees. West lies east of east across the antimeridian. */
export type Box = readonly [west: number, south: number, east: number, north: number];

/** A delivery as it is now. */
export interface Delivery {
  /** Its public link's secret part. */
  readonly id: string;
  readonly order_id: string;
  /** Absent for visitors. */
  readonly rider_id?: string;
  readonly status: 'ASSIGNED' | 'PICKED_UP' | 'IN_TRANSIT' | 'DELIVERED';
  readonly dropoff: { readonly lat: number; readonly lng: number };
  /** The rider is off duty; absent on duty. */
  readonly rider_off_duty?: boolean;
  /** Where the rider was last; null before the first location, and while the rider is off duty. */
  readonly place: { readonly lat: number; readonly lng: number; readonly t: number } | null;
  /** The straight line at 30 km/h. */
  readonly eta_seconds: number | null;
  /** The better estimate; null before the first location and after the delivery. */
  readonly eta: DeliveryEta | null;
  readonly updated_at: number;
  readonly expires_at: number;
}

export interface DeliveryEta {
  /** Seconds from now; null when `stale`, as the next three. */
  readonly seconds: number | null;
  /** The range in which four of five arrivals lie. */
  readonly low: number | null;
  readonly high: number | null;
  readonly basis: 'default' | 'speed' | 'history' | null;
  /** The last location is too old for an estimate. */
  readonly stale: boolean;
}

/** A parcel as it is now. */
export interface Parcel {
  readonly id: number;
  readonly client_id: number;
  readonly driver_id: number | null;
  readonly pickup: ParcelPlace;
  readonly destination: ParcelPlace;
  readonly status: 'pending' | 'assigned' | 'picked_up' | 'in_transit' | 'out_for_delivery' | 'delivered' | 'cancelled';
  readonly created_at: string;
  readonly updated_at: string;
}

export interface ParcelPlace {
  readonly lat: number;
  readonly lng: number;
  readonly address: string;
}

/** Where a parcel's driver is. */
export interface ParcelAt extends ParcelPlace {
  readonly id: number;
  readonly driver_id: number;
  readonly t: number;
  /** To the parcel's next place; null when the location is old. */
  readonly eta_seconds: number | null;
}

/** A parcel's driver came to one of its places, or left it. */
export interface ParcelZone {
  readonly id: number;
  readonly zone: 'pickup' | 'destination';
  readonly event: 'enter' | 'exit';
  readonly t: number;
}

/** The fleet's figures of the last 24 hours: km, litres, percent, minutes. */
export interface Figures {
  readonly active_vehicles: number;
  readonly total_trips: number;
  readonly distance_traveled: number;
  readonly fuel_consumed: number;
  readonly utilization_rate: number;
  readonly idle_minutes: number;
  readonly cost_per_km: number;
  readonly t: number;
}

/** A message from the server that this client knows. */
export type ServerMessage =
  | Welcome
  | Ready
  | Bye
  | Failure
  | { op: 'vehicles'; v: Vehicle[] }
  | { op: 'at'; p: (Place & { id: string })[] }
  | { op: 'gone'; ids: string[] }
  | { op: 'items'; s: number; items: unknown[] }
  | { op: 'fact'; e: string; type: string; t: number; data: unknown }
  | { op: 'trip'; t: number; data: unknown }
  | { op: 'mark'; cursor?: string; t: number }
  | Ok
  | { op: 'ended'; s: number }
  | CoversMessage
  | ClustersMessage
  | ({ op: 'delivery' } & Delivery)
  | ({ op: 'parcel' } & Parcel)
  | ({ op: 'parcel_at' } & ParcelAt)
  | ({ op: 'parcel_zone' } & ParcelZone)
  | ({ op: 'dashboard' } & Figures)
  | { op: 'presence'; connections: number }
  | { op: 'pong'; re?: number; t: number };

/** What a view covers, and whether it has vehicles or clusters, if it asked for those. */
export interface CoversMessage {
  op: 'covers';
  s: number;
  box: Box;
  mode?: 'vehicles' | 'clusters';
}

/** The clusters that have changed; after `covers` all. One with `count` 0 is gone. */
export interface ClustersMessage {
  op: 'clusters';
  s: number;
  c: (Cluster | { id: string; count: 0 })[];
}

/** The vehicles of a cell of the map. */
export interface Cluster {
  id: string;
  count: number;
  /** The middle of its vehicles. */
  lat: number;
  lon: number;
  /** A view of it shows them all. */
  box: Box;
  /** How many have each status. */
  status: Record<string, number>;
}

/** Reads a frame. Null for what is not a message. */
export function readMessage(frame: unknown): ServerMessage | null {
  if (typeof frame !== 'string') return null; // a binary form that was not asked for
  try {
    const message: unknown = JSON.parse(frame);
    return typeof message === 'object' && message !== null && 'op' in message ? (message as ServerMessage) : null;
  } catch {
    return null;
  }
}
