/** The kinds of facts that can be followed, and what they change in the present state. */

import type {
  Alert,
  AlertFact,
  Cadet,
  CadetFact,
  FactOf,
  Notice,
  NoticeFact,
  Standing,
  Trip,
  TripFact,
  VehicleFact,
} from './wire.js';

/** A fact as it came: this client may not know its type. */
export type AnyFact = FactOf<string, unknown>;

export interface Topic<Item, Fact> {
  readonly to: string;
  /** The one thing that is followed. */
  readonly id?: number;
  /** Whether a fact belongs to it. Facts of unknown types may. */
  holds: (fact: AnyFact) => boolean;
  keyOf: (item: Item) => string;
  /** What a fact changes. Unknown ones change nothing. */
  apply: (items: Map<string, Item>, fact: Fact) => void;
  /** Whether an item is not shown any more at this time of the server. */
  isOver?: (item: Item, nowMs: number) => boolean;
}

const ofTypes =
  (...prefixes: string[]) =>
  ({ type }: AnyFact) =>
    prefixes.some((prefix) => type.startsWith(prefix));

const nothing = {
  keyOf: () => '',
  apply: () => undefined,
};

export const ALERTS: Topic<Alert, AlertFact> = {
  to: 'alerts',
  holds: ofTypes('alert.'),
  keyOf: ({ id }) => id,
  apply: (alerts, { type, data }) => {
    const known = alerts.get(data.id);
    if (type === 'alert.raised') alerts.set(data.id, data);
    else if (type === 'alert.deleted') alerts.delete(data.id);
    else if (type === 'alert.read' && known) {
      alerts.set(data.id, { ...known, read: true, read_at: data.read_at, read_by: data.read_by ?? null });
    }
  },
  isOver: ({ expires_at }, nowMs) => Date.parse(expires_at) <= nowMs,
};

/** A running trip as it is now. The log does not have it, so that it moves no cursor. */
export const TRIP_PROGRESSED = 'trip.progressed';

/** The trips that are under way. */
export const TRIPS: Topic<Trip, TripFact> = {
  to: 'trips',
  holds: ofTypes('trip.'),
  keyOf: ({ id }) => id,
  apply: (trips, { type, data }) => {
    if (type === TRIP_PROGRESSED ? trips.has(data.id) : data.status === 'started') trips.set(data.id, data);
    else if (type === 'trip.changed') trips.delete(data.id);
  },
};

export const EVENTS: Topic<never, VehicleFact> = {
  ...nothing,
  to: 'events',
  holds: ofTypes('geofence.', 'driver.', 'maintenance.'),
};

/** The unread ones. */
export const NOTICES: Topic<Notice, NoticeFact> = {
  to: 'notices',
  holds: ofTypes('notification.', 'message.'),
  keyOf: (notice) => noticeKey('sender_id' in notice, notice.id),
  apply: (notices, { type, data }) => {
    const key = noticeKey(type.startsWith('message.'), data.id);
    if (type === 'notification.sent' || type === 'message.sent') notices.set(key, data);
    else if (type === 'notification.read' || type === 'message.read') notices.delete(key);
  },
};

const noticeKey = (isMessage: boolean, id: number) => `${isMessage ? 'message' : 'notification'} ${id}`;

const isOfRecords = ofTypes('grade.', 'attendance.', 'scores.', 'sync_event');

export const RECORDS: Topic<never, CadetFact> = { ...nothing, to: 'records', holds: isOfRecords };

const TOTALS = [
  'merit_points',
  'demerit_points',
  'attendance_present',
  'prelim_score',
  'midterm_score',
  'final_score',
] as const satisfies (keyof Standing)[];

/** One cadet with its totals. */
export function cadetTopic(id: number): Topic<Cadet, CadetFact> {
  return {
    to: 'cadet',
    id,
    holds: (fact) => isOfRecords(fact) && (fact.data as { cadet_id?: unknown } | null)?.cadet_id === id,
    keyOf: () => '',
    apply: (cadets, { data }) => {
      const cadet = cadets.get('');
      if (!cadet) return;
      const changed: Record<string, unknown> = { ...cadet };
      for (const total of TOTALS) if (total in data) changed[total] = (data as Partial<Standing>)[total];
      cadets.set('', changed as Cadet);
    },
  };
}
