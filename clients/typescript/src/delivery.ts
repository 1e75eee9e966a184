/** Follows one delivery over `/ws/tracking/{tracking_id}`: a public link needs no token. */

import type { TokenSource } from './address.js';
import { type Delivery, type DeliveryMessage, type DeliveryStatus, parseDeliveryMessage } from './delivery-wire.js';
import { TrackingError } from './errors.js';
import { LiveClient, type LiveClientOptions } from './live-client.js';

/** Why the delivery can't be followed any more. */
export type DeliveryEnd = 'expired' | 'not_found' | 'refused';

export interface DeliveryClientOptions extends LiveClientOptions {
  trackingId: string;
  /** The JWT of its rider, who may send; a public link needs no token. */
  token?: TokenSource;
  /** The whole delivery, on connecting and after each change. */
  onDelivery?: (delivery: Delivery) => void;
  /** The link has stopped working. */
  onEnd?: (end: DeliveryEnd) => void;
}

export class DeliveryClient extends LiveClient<DeliveryMessage, DeliveryClientOptions> {
  private latest: Delivery | null = null;

  constructor(options: DeliveryClientOptions) {
    const path = `/ws/tracking/${encodeURIComponent(options.trackingId)}`;
    super(options, { path, needsUser: false, parse: parseDeliveryMessage });
  }

  /** The newest delivery, also while the connection is away. */
  get delivery(): Delivery | null {
    return this.latest;
  }

  /** As its rider: sends its place, and its status. Not queued, because fixes have no time of their own here: false without a connection. */
  sendLocationUpdate(location: { lat: number; lng: number; status?: DeliveryStatus }): boolean {
    return this.socket.send(JSON.stringify({ type: 'location_update', location }));
  }

  protected received(message: DeliveryMessage): void {
    if (message.type === 'error') {
      this.options.onError?.(new TrackingError('server', message.message));
    } else {
      this.latest = message.delivery;
      this.options.onDelivery?.(message.delivery);
    }
  }

  protected override failed(error: TrackingError): void {
    if (error.kind === 'refused') this.options.onEnd?.(endOf(error.message));
    super.failed(error);
  }
}

/** The server closes with 1008 in each case; its reason says which. */
function endOf(reason: string): DeliveryEnd {
  if (/expired/i.test(reason) && /session/i.test(reason)) return 'expired';
  return /not found/i.test(reason) ? 'not_found' : 'refused';
}
