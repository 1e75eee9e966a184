/** The frames of the sockets that carry a tenant's stored events: those of the fleet and those of records. */

import { type Fields, fieldsOf, parseFields, textOf } from './check.js';

export interface EventFrame {
  /** Such as `alert` or `grade_update`; an application may publish types of its own. */
  type: string;
  data: Fields;
  /** The cadet that it is about, if there is one. */
  cadetId: number | null;
  /** Its id among the tenant's events; null for what is not stored, such as statistics. */
  eventId: number | null;
  isReplayed: boolean;
}

export type EventMessage =
  | { kind: 'established'; lastEventId: number | null }
  | { kind: 'replayed'; lastEventId: number | null; isComplete: boolean }
  | { kind: 'error'; message: string }
  | { kind: 'event'; event: EventFrame };

/** Parses a frame. Returns null for those that say nothing, such as `pong`. Throws an Error that says what is wrong. */
export function parseEventMessage(text: string): EventMessage | null {
  const fields = parseFields(text);
  const type = textOf(fields, 'type');
  const data = fields.data === undefined || fields.data === null ? {} : fieldsOf(fields.data, 'data');
  switch (type) {
    case 'pong':
    case 'subscribed':
      return null;
    case 'connection_established':
      return { kind: 'established', lastEventId: idOf(fields.last_event_id ?? data.last_event_id) };
    case 'replay_complete':
      return { kind: 'replayed', lastEventId: idOf(fields.last_event_id), isComplete: fields.complete !== false };
    case 'error':
      return { kind: 'error', message: textOf('message' in fields ? fields : data, 'message') };
    default: {
      const event = { type, data, cadetId: idOf(fields.cadet_id), eventId: idOf(fields.event_id) };
      return { kind: 'event', event: { ...event, isReplayed: fields.replayed === true } };
    }
  }
}

function idOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}
