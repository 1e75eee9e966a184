/** Follows one delivery over `/ws/tracking/{tracking_id}`: a public link needs no token. */

import { presentToken, socketAddress, type TokenSource } from './address.js';
import { type Delivery, type DeliveryMessage, type DeliveryStatus, parseDeliveryMessage } from './delivery-wire.js';
import { TrackingError } from './errors.js';
import type { Platform } from './platform.js';
import { type ConnectionState, TrackingSocket } from './socket.js';

/** Why the delivery can't be followed any more. */
export type DeliveryEnd = 'expired' | 'not_found' | 'refused';

export interface DeliveryClientOptions {
  trackingId: string;
  /** The JWT of the delivery's rider, who may send. A public link needs no token. */
  token?: TokenSource;
  /** `https://host`, with or without a path; the page's own origin by default. */
  serverUrl?: string | undefined;
  /** Called with the whole delivery after connecting and after each change. */
  onDelivery?: (delivery: Delivery) => void;
  /** Called when the link has stopped working. */
  onEnd?: (end: DeliveryEnd) => void;
  onError?: (error: TrackingError) => void;
  onConnectionChange?: (state: ConnectionState) => void;
  platform?: Partial<Platform>;
}

export class DeliveryClient {
  private readonly socket: TrackingSocket<DeliveryMessage>;
  private latest: Delivery | null = null;

  constructor(private readonly options: DeliveryClientOptions) {
    this.socket = new TrackingSocket<DeliveryMessage>({
      address: () =>
        socketAddress(options.serverUrl, `/ws/tracking/${encodeURIComponent(options.trackingId)}`, {
          token: presentToken(options.token),
        }),
      parse: parseDeliveryMessage,
      ping: '{"type":"ping"}',
      credentials: { serverUrl: options.serverUrl, token: options.token, needsUser: false },
      onMessage: (message) => this.received(message),
      onState: (state) => options.onConnectionChange?.(state),
      onError: (error) => this.failed(error),
      ...(options.platform ? { platform: options.platform } : {}),
    });
  }

  /** The newest delivery, also while disconnected. */
  get delivery(): Delivery | null {
    return this.latest;
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

  /** Sends the rider's location and status. Returns false without a connection: nothing is queued, because these locations carry no time. */
  sendLocationUpdate(location: { lat: number; lng: number; status?: DeliveryStatus }): boolean {
    return this.socket.send(JSON.stringify({ type: 'location_update', location }));
  }

  private received(message: DeliveryMessage): void {
    if (message.type === 'error') {
      this.options.onError?.(new TrackingError('server', message.message));
    } else {
      this.latest = message.delivery;
      this.options.onDelivery?.(message.delivery);
    }
  }

  private failed(error: TrackingError): void {
    if (error.kind === 'refused') this.options.onEnd?.(endOf(error.message));
    this.options.onError?.(error);
  }
}

/** The server closes with 1008 in each case. Its reason says which one it is. */
function endOf(reason: string): DeliveryEnd {
  if (/expired/i.test(reason) && /session/i.test(reason)) return 'expired';
  return /not found/i.test(reason) ? 'not_found' : 'refused';
}
