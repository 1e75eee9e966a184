import { beforeEach, describe, expect, it } from 'vitest';
import { FakeSocket, fakePlatform } from '../../testing/fake-socket.js';
import { DeliveryClient, type DeliveryEnd } from '../src/delivery.js';
import type { Delivery } from '../src/delivery-wire.js';
import type { TrackingError } from '../src/errors.js';

const DATA = {
  tracking_id: 'TRK-001',
  order_id: 'ORD-12345',
  status: 'ASSIGNED',
  current_location: null,
  dropoff: { lat: 5.6037, lng: -0.1869 },
  eta_seconds: null,
  updated_at: 1704067800,
};

let deliveries: Delivery[];
let ends: DeliveryEnd[];
let errors: TrackingError[];
let client: DeliveryClient;

beforeEach(() => {
  deliveries = [];
  ends = [];
  errors = [];
  client = new DeliveryClient({
    trackingId: 'TRK-001',
    serverUrl: 'http://host',
    onDelivery: (delivery) => deliveries.push(delivery),
    onEnd: (end) => ends.push(end),
    onError: (error) => errors.push(error),
    platform: fakePlatform(),
  });
  client.connect();
  FakeSocket.last.onopen?.();
});

describe('a delivery client', () => {
  it('asks for no token on a public link', () => {
    expect(FakeSocket.last.url).toBe('ws://host/ws/tracking/TRK-001');
  });

  it('reads the first state and each update of the published shape', () => {
    FakeSocket.last.hear({ type: 'initial_state', data: DATA });
    FakeSocket.last.hear({
      type: 'location_update',
      data: {
        ...DATA,
        status: 'IN_TRANSIT',
        current_location: { lat: 5.6045, lng: -0.1875, timestamp: 1704067850 },
        eta_seconds: 180,
      },
    });
    expect(deliveries.map((each) => [each.status, each.etaSeconds, each.riderId])).toEqual([
      ['ASSIGNED', null, null],
      ['IN_TRANSIT', 180, null],
    ]);
    expect(client.delivery?.currentLocation).toEqual({ lat: 5.6045, lng: -0.1875, atSeconds: 1704067850 });
  });

  it('reads the better estimate, and null without one', () => {
    FakeSocket.last.hear({
      type: 'initial_state',
      data: { ...DATA, eta: { seconds: 300, low: 180, high: 480, basis: 'speed', stale: false } },
    });
    FakeSocket.last.hear({
      type: 'location_update',
      data: { ...DATA, eta: { seconds: null, low: null, high: null, basis: null, stale: true } },
    });
    expect(deliveries.map((each) => each.eta)).toEqual([
      { seconds: 300, low: 180, high: 480, basis: 'speed', stale: false },
      { seconds: null, low: null, high: null, basis: null, stale: true },
    ]);
  });

  it.each([
    ['Tracking not found', 'not_found'],
    ['Session expired', 'expired'],
    ['Tracking session expired', 'expired'],
    ['Invalid token', 'refused'],
  ])('reports the end %s', (reason, end) => {
    FakeSocket.last.end(1008, reason);
    expect(ends).toEqual([end]);
    expect(client.connectionState).toBe('error');
  });

  it('keeps the last state through a drop', () => {
    FakeSocket.last.hear({ type: 'initial_state', data: DATA });
    FakeSocket.last.end(1006);
    expect(client.connectionState).toBe('disconnected');
    expect(client.delivery?.trackingId).toBe('TRK-001');
    client.disconnect();
  });

  it.each([{ ...DATA, status: 'LOST' }, { ...DATA, dropoff: { lat: 'x', lng: 0 } }, { ...DATA, tracking_id: 7 }, null])(
    'reports %j',
    (data) => {
      FakeSocket.last.hear({ type: 'location_update', data });
      expect(errors).toMatchObject([{ kind: 'frame' }]);
      expect(deliveries).toEqual([]);
    },
  );

  it('sends as its rider, and returns false when it could not', () => {
    expect(client.sendLocationUpdate({ lat: 5.6, lng: -0.18, status: 'IN_TRANSIT' })).toBe(true);
    expect(JSON.parse(FakeSocket.last.sent[0] ?? '')).toEqual({
      type: 'location_update',
      location: { lat: 5.6, lng: -0.18, status: 'IN_TRANSIT' },
    });
    client.disconnect();
    expect(client.sendLocationUpdate({ lat: 5.6, lng: -0.18 })).toBe(false);
  });
});
