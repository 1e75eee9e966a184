/** Follows one delivery over `/ws/tracking/{tracking_id}`: a public link needs no token. */

import type { TokenSource } from './address.js';
import { type Delivery, type DeliveryMessage, type DeliveryStatus, parseDeliveryMessage } from './delivery-wire.js';
import { TrackingError } from './errors.js';
import { LiveClient, type LiveClientOptions } from './live-client.js';

/** Why the delivery can't be followed any more. */
export type DeliveryEnd = 'expired' | 'not_found' | 'refused';

export interface DeliveryClientOptions extends LiveClientOptions {
  trackingId: string;
  /** The JWT of the delivery's rider, who may send. A public link needs no token. */
  token?: TokenSource;
  /** Called with the whole delivery after connecting and after each change. */
  onDelivery?: (delivery: Delivery) => void;
  /** Called when the link has stopped working. */
  onEnd?: (end: DeliveryEnd) => void;
}

export class DeliveryClient extends LiveClient<DeliveryMessage, DeliveryClientOptions> {
  private latest: Delivery | null = null;

  constructor(options: DeliveryClientOptions) {
    const path = `/ws/tracking/${encodeURIComponent(options.trackingId)}`;
    super(options, { path, needsUser: false, parse: parseDeliveryMessage });
  }

  /** The newest delivery, also while disconnected. */
  get delivery(): Delivery | null {
    return this.latest;
  }

  /** Sends the rider's location and status. Returns false without a connection: nothing is queued, because these locations carry no time. */
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

/** The server closes with 1008 in each case. Its reason says which one it is. */
function endOf(reason: string): DeliveryEnd {
  if (/expired/i.test(reason) && /session/i.test(reason)) return 'expired';
  return /not found/i.test(reason) ? 'not_found' : 'refused';
}
