import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { canRun, Milepost } from '../../testing/milepost.js';
import { DeliveryClient, type DeliveryEnd } from '../src/delivery.js';
import type { Delivery } from '../src/delivery-wire.js';
import type { TrackingError } from '../src/errors.js';

const RIDER = 'RIDER-789';

describe.skipIf(!canRun)('a delivery of a real server', () => {
  let milepost: Milepost;
  const open: DeliveryClient[] = [];
  beforeAll(async () => {
    milepost = await Milepost.start();
  });
  afterEach(() => open.splice(0).forEach((client) => client.disconnect()));
  afterAll(() => milepost.remove());

  function follow(trackingId: string, token: string | null = null) {
    const seen = { deliveries: [] as Delivery[], ends: [] as DeliveryEnd[], errors: [] as TrackingError[] };
    const client = new DeliveryClient({
      trackingId,
      token,
      serverUrl: milepost.url,
      onDelivery: (delivery) => seen.deliveries.push(delivery),
      onEnd: (end) => seen.ends.push(end),
      onError: (error) => seen.errors.push(error),
      platform: { webSocket: WebSocket }, // Node has one of its own from version 22
    });
    open.push(client);
    client.connect();
    return { client, seen };
  }
  const rider = () => milepost.token(RIDER, 'rider');
  const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 20 });
  async function startDelivery(): Promise<string> {
    const body = { order_id: 'ORD-12345', rider_id: RIDER, dropoff_lat: 5.6037, dropoff_lng: -0.1869 };
    return String((await milepost.callAs(rider(), 'POST', '/tracking/start', body)).tracking_id);
  }

  it('is followed by its public link, which names no rider', async () => {
    const trackingId = await startDelivery();
    const { seen } = follow(trackingId);
    await until(() => expect(seen.deliveries).toHaveLength(1));
    expect(seen.deliveries[0]).toMatchObject({
      trackingId,
      orderId: 'ORD-12345',
      riderId: null,
      status: 'ASSIGNED',
      currentLocation: null,
      etaSeconds: null,
    });
    await milepost.callAs(rider(), 'POST', `/tracking/update/${trackingId}`, {
      lat: 5.6245,
      lng: -0.1875,
      status: 'IN_TRANSIT',
    });
    await until(() =>
      expect(seen.deliveries.at(-1)).toMatchObject({
        status: 'IN_TRANSIT',
        riderId: null,
        currentLocation: { lat: 5.6245, lng: -0.1875 },
      }),
    );
    expect(seen.deliveries.at(-1)?.etaSeconds).toBeGreaterThanOrEqual(60);
    expect(seen.errors).toEqual([]);
  });

  it('is moved by its rider over the socket, and by no other user', async () => {
    const trackingId = await startDelivery();
    const watcher = follow(trackingId);
    const sender = follow(trackingId, rider());
    await until(() =>
      expect([watcher.client.connectionState, sender.client.connectionState]).toEqual(['connected', 'connected']),
    );
    sender.client.sendLocationUpdate({ lat: 5.61, lng: -0.18, status: 'PICKED_UP' });
    await until(() =>
      expect(watcher.client.delivery).toMatchObject({ status: 'PICKED_UP', currentLocation: { lat: 5.61 } }),
    );
    watcher.client.sendLocationUpdate({ lat: 1, lng: 1 });
    await until(() => expect(watcher.seen.errors).toMatchObject([{ kind: 'server' }]));
    expect(watcher.client.connectionState).toBe('connected');
  });

  it('has the server’s state after a restart', async () => {
    const trackingId = await startDelivery();
    const { client, seen } = follow(trackingId);
    await until(() => expect(client.connectionState).toBe('connected'));
    await milepost.halt();
    await until(() => expect(client.connectionState).not.toBe('connected'));
    await milepost.resume();
    await milepost.callAs(rider(), 'POST', `/tracking/update/${trackingId}`, {
      lat: 5.62,
      lng: -0.18,
      status: 'DELIVERED',
    });
    await until(() => expect(client.delivery?.status).toBe('DELIVERED'));
    expect(seen.ends).toEqual([]);
  });

  it('ends for good when its link is unknown or its token is invalid', async () => {
    const unknown = follow('TRK-unknown');
    await until(() => expect(unknown.seen.ends).toEqual(['not_found']));
    const bad = follow(await startDelivery(), 'not-a-token');
    await until(() => expect(bad.seen.ends).toEqual(['refused']));
    expect([unknown.client.connectionState, bad.client.connectionState]).toEqual(['error', 'error']);
    expect(bad.seen.errors.at(-1)).toMatchObject({ closeCode: 1008, message: 'Invalid token' });
  });
});
