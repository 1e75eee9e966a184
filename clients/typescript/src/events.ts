/** Follows a tenant's stored events over `/ws/tracking?company_id=` (fleet) or `/ws/updates/` (records), without a gap. */

import { TrackingError } from './errors.js';
import { type EventFrame, type EventMessage, parseEventMessage } from './events-wire.js';
import { LiveClient, type LiveClientOptions } from './live-client.js';
import type { ConnectionState } from './socket.js';

export interface EventClientOptions extends LiveClientOptions {
  /** The fleet's events of this tenant; without it, the events of records. */
  fleetOf?: string | undefined;
  /** Fleet only: these types alone. The server sends all of them if it is absent. */
  types?: readonly string[];
  onEvent?: (event: EventFrame) => void;
  /** Called when events may have been missed: what was read before has to be read again. */
  onGap?: () => void;
}

export class EventClient extends LiveClient<EventMessage, EventClientOptions> {
  /** The newest event that was received, from which a new connection goes on. */
  private lastEventId: number | null = null;

  constructor(options: EventClientOptions) {
    const endpoint =
      options.fleetOf === undefined
        ? { path: '/ws/updates/' }
        : { path: '/ws/tracking', query: { company_id: options.fleetOf } };
    super(options, { ...endpoint, needsUser: true, parse: parseEventMessage });
  }

  protected override stateChanged(state: ConnectionState): void {
    if (state === 'connected') {
      const { fleetOf, types } = this.options;
      if (fleetOf !== undefined && types) this.socket.send(JSON.stringify({ type: 'subscribe', events: types }));
      if (this.lastEventId !== null)
        this.socket.send(JSON.stringify({ type: 'replay_request', last_event_id: this.lastEventId }));
    }
    super.stateChanged(state);
  }

  protected received(message: EventMessage): void {
    switch (message.kind) {
      case 'established':
        this.lastEventId ??= message.lastEventId;
        break;
      case 'replayed':
        this.sawEvent(message.lastEventId);
        if (!message.isComplete) this.options.onGap?.();
        break;
      case 'event':
        this.sawEvent(message.event.eventId);
        this.options.onEvent?.(message.event);
        break;
      case 'error':
        this.options.onError?.(new TrackingError('server', message.message));
    }
  }

  private sawEvent(id: number | null): void {
    if (id !== null) this.lastEventId = Math.max(this.lastEventId ?? 0, id);
  }
}
