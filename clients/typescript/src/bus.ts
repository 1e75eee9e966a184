/** Follows the buses that a user may see over `/ws/bus-tracking/`. */

import { presentToken, socketAddress, type TokenSource } from './address.js';
import { type BusLocation, type BusMessage, parseBusMessage } from './bus-wire.js';
import { TrackingError } from './errors.js';
import type { Platform } from './platform.js';
import { type ConnectionState, TrackingSocket } from './socket.js';

export interface BusClientOptions {
  /** The JWT. Without one the browser's session cookie is used. */
  token?: TokenSource;
  /** `https://host`, with or without a path; the page's own origin by default. */
  serverUrl?: string | undefined;
  /** Called with the last position of every bus after connecting, then with each new one. */
  onLocationUpdate?: (location: BusLocation) => void;
  /** Called with the number of the tenant's open sockets after connecting and after each change. The server sends it only if this is given. */
  onPresence?: (viewing: number) => void;
  /** Called when a replay has ended; `count` locations came with `isReplayed`. */
  onReplayComplete?: (count: number) => void;
  onError?: (error: TrackingError) => void;
  onConnectionChange?: (state: ConnectionState) => void;
  platform?: Partial<Platform>;
}

/** The buses to follow: those named, and those on the named routes. */
export interface BusFilter {
  busIds?: string[];
  routes?: string[];
}

export class BusClient {
  private readonly socket: TrackingSocket<BusMessage>;
  private filter: BusFilter | null = null;

  constructor(private readonly options: BusClientOptions = {}) {
    const presence = options.onPresence ? '1' : null;
    this.socket = new TrackingSocket<BusMessage>({
      address: () =>
        socketAddress(options.serverUrl, '/ws/bus-tracking/', { presence, token: presentToken(options.token) }),
      parse: parseBusMessage,
      ping: '{"type":"ping"}',
      credentials: { serverUrl: options.serverUrl, token: options.token, needsUser: true },
      onMessage: (message) => this.received(message),
      onState: (state) => this.stateChanged(state),
      onError: (error) => options.onError?.(error),
      ...(options.platform ? { platform: options.platform } : {}),
    });
  }

  get connectionState(): ConnectionState {
    return this.socket.state;
  }

  /** When the next automatic attempt is due, Unix milliseconds; null when none is planned. */
  get retryAtMs(): number | null {
    return this.socket.retryAtMs;
  }

  connect(): void {
    this.socket.connect();
  }

  disconnect(): void {
    this.socket.disconnect();
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

  private stateChanged(state: ConnectionState): void {
    if (state === 'connected') this.sendFilter();
    this.options.onConnectionChange?.(state);
  }

  private sendFilter(): void {
    if (!this.filter) return;
    const { busIds = [], routes = [] } = this.filter;
    this.socket.send(JSON.stringify({ type: 'subscribe', bus_ids: busIds, routes }));
  }

  private received(message: BusMessage): void {
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
