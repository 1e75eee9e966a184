/** Subscribes a component to one delivery by its public link. */

import { useCallback, useEffect, useRef, useState } from 'react';
import type { TokenSource } from '../address.js';
import { DeliveryClient, type DeliveryEnd } from '../delivery.js';
import type { Delivery } from '../delivery-wire.js';
import type { TrackingError } from '../errors.js';
import type { Platform } from '../platform.js';
import type { ConnectionState } from '../socket.js';

export interface UseDeliveryOptions {
  token?: TokenSource;
  /** The page's own origin by default. */
  serverUrl?: string | undefined;
  onError?: (error: TrackingError) => void;
  platform?: Partial<Platform>;
}

export interface DeliveryHook {
  connectionState: ConnectionState;
  /** Null until the first one comes. Kept while disconnected and after the end. */
  delivery: Delivery | null;
  /** Why the link stopped working; null while it works. */
  end: DeliveryEnd | null;
  connect: () => void;
  disconnect: () => void;
}

export function useDelivery(trackingId: string | null | undefined, options: UseDeliveryOptions = {}): DeliveryHook {
  const { serverUrl } = options;
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  const client = useRef<DeliveryClient | null>(null);
  const [connectionState, setConnectionState] = useState<ConnectionState>('disconnected');
  const [delivery, setDelivery] = useState<Delivery | null>(null);
  const [end, setEnd] = useState<DeliveryEnd | null>(null);

  useEffect(() => {
    if (!trackingId) return;
    const { platform } = latest.current;
    const created = new DeliveryClient({
      trackingId,
      serverUrl,
      token: () => (typeof latest.current.token === 'function' ? latest.current.token() : latest.current.token),
      onDelivery: (received) => {
        setDelivery(received);
        setEnd(null);
      },
      onEnd: setEnd,
      onError: (error) => latest.current.onError?.(error),
      onConnectionChange: setConnectionState,
      ...(platform ? { platform } : {}),
    });
    client.current = created;
    created.connect();
    return () => {
      client.current = null;
      created.disconnect();
      setDelivery(null);
      setEnd(null);
    };
  }, [trackingId, serverUrl]);

  const connect = useCallback(() => client.current?.connect(), []);
  const disconnect = useCallback(() => client.current?.disconnect(), []);
  return { connectionState, delivery, end, connect, disconnect };
}
