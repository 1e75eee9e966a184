/** Follows the buses that a user may see over `/ws/bus-tracking/`. */

import { type BusLocation, type BusMessage, parseBusMessage } from './bus-wire.js';
import { TrackingError } from './errors.js';
import { LiveClient, type LiveClientOptions } from './live-client.js';
import type { ConnectionState } from './socket.js';

export interface BusClientOptions extends LiveClientOptions {
  /** Called with the last position of every bus after connecting, then with each new one. */
  onLocationUpdate?: (location: BusLocation) => void;
  /** Called with the number of the tenant's open sockets after connecting and after each change. The server sends it only if this is given. */
  onPresence?: (viewing: number) => void;
  /** Called when a replay has ended; `count` locations came with `isReplayed`. */
  onReplayComplete?: (count: number) => void;
}

/** The buses to follow: those named, and those on the named routes. */
export interface BusFilter {
  busIds?: string[];
  routes?: string[];
}

export class BusClient extends LiveClient<BusMessage, BusClientOptions> {
  private filter: BusFilter | null = null;

  constructor(options: BusClientOptions = {}) {
    const query = { presence: options.onPresence ? '1' : null };
    super(options, { path: '/ws/bus-tracking/', query, needsUser: true, parse: parseBusMessage });
  }

  /** Narrows to these buses, also after each reconnect. An empty filter selects all again. */
  subscribe(filter: BusFilter): void {
    this.filter = filter;
    this.sendFilter();
  }

  /** Requests the locations of the last minutes, or of the server's whole replay window. Returns false without a connection. */
  requestReplay(minutes?: number): boolean {
    return this.socket.send(JSON.stringify({ type: 'replay_request', minutes }));
  }

  protected override stateChanged(state: ConnectionState): void {
    if (state === 'connected') this.sendFilter();
    super.stateChanged(state);
  }

  private sendFilter(): void {
    if (!this.filter) return;
    const { busIds = [], routes = [] } = this.filter;
    this.socket.send(JSON.stringify({ type: 'subscribe', bus_ids: busIds, routes }));
  }

  protected received(message: BusMessage): void {
    switch (message.type) {
      case 'location_update':
        this.options.onLocationUpdate?.(message.location);
        break;
      case 'presence':
        this.options.onPresence?.(message.viewing);
        break;
      case 'replay_complete':
        this.options.onReplayComplete?.(message.count);
        break;
      case 'error':
        this.options.onError?.(new TrackingError('server', message.message));
    }
  }
}
