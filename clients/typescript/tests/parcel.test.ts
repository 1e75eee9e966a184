import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket, fakePlatform } from '../../testing/fake-socket.js';
import type { TrackingError } from '../src/errors.js';
import { ParcelClient, type ParcelClientOptions } from '../src/parcel.js';
import type { ParcelEvent, ParcelLocationUpdate } from '../src/parcel-wire.js';

const START = Date.parse('2026-11-03T10:00:00.000Z');
beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(START);
});
afterEach(() => void vi.useRealTimers());

function start(options: Partial<ParcelClientOptions> = {}) {
  const seen = { updates: [] as ParcelLocationUpdate[], events: [] as ParcelEvent[], errors: [] as TrackingError[] };
  const client = new ParcelClient({
    parcelId: 12,
    token: 'T',
    serverUrl: 'https://host',
    onLocationUpdate: (update) => seen.updates.push(update),
    onEvent: (event) => seen.events.push(event),
    onError: (error) => seen.errors.push(error),
    platform: fakePlatform(),
    ...options,
  });
  client.connect();
  return { client, seen };
}

const sentPlaces = () => FakeSocket.last.sent.map((text) => JSON.parse(text).lat);
const echo = (timestamp: string, more = {}) =>
  FakeSocket.last.hear({
    type: 'location_update',
    driver_id: '5',
    location: { lat: 1, lng: 2, address: '' },
    parcel_id: 12,
    timestamp,
    ...more,
  });

describe('a parcel client', () => {
  it.each([
    ['https://host', 'wss://host/ws/tracking/?parcel_id=12&token=T'],
    ['http://host:8000/', 'ws://host:8000/ws/tracking/?parcel_id=12&token=T'],
    ['wss://host/below', 'wss://host/below/ws/tracking/?parcel_id=12&token=T'],
  ])('with the server %s connects to %s', (serverUrl, address) => {
    start({ serverUrl });
    expect(FakeSocket.last.url).toBe(address);
  });

  it('asks for the token at each attempt, and leaves out none', () => {
    const tokens = [null, 'second'];
    start({ token: () => tokens.shift() });
    expect(FakeSocket.last.url).toBe('wss://host/ws/tracking/?parcel_id=12');
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    expect(FakeSocket.last.url).toContain('token=second');
  });

  it("sends the driver's place as the dialect says", () => {
    const { client } = start();
    FakeSocket.last.onopen?.();
    client.sendLocationUpdate({ lat: 28.6139, lng: 77.209, address: 'New Delhi, India' });
    expect(JSON.parse(FakeSocket.last.sent[0] ?? '')).toEqual({
      type: 'location_update',
      lat: 28.6139,
      lng: 77.209,
      address: 'New Delhi, India',
      timestamp: '2026-11-03T10:00:00.000Z',
      parcel_id: 12,
    });
  });

  it('keeps fixes while away and sends them in order with their own times', () => {
    const { client } = start();
    for (const lat of [1, 2, 3]) {
      client.sendLocationUpdate({ lat, lng: 0 });
      vi.advanceTimersByTime(4_000);
    }
    expect(client.queuedCount).toBe(3);
    FakeSocket.last.onopen?.();
    expect(sentPlaces()).toEqual([1, 2, 3]);
    expect(JSON.parse(FakeSocket.last.sent[1] ?? '').timestamp).toBe('2026-11-03T10:00:04.000Z');
  });

  it('keeps a fix until the server sends it back, and sends it again after a lost connection', () => {
    const { client } = start();
    FakeSocket.last.onopen?.();
    client.sendLocationUpdate({ lat: 1, lng: 0, timestamp: START });
    client.sendLocationUpdate({ lat: 2, lng: 0, timestamp: START + 1_000 });
    echo('2026-11-03T10:00:00.000Z');
    expect(client.queuedCount).toBe(1);
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    FakeSocket.last.onopen?.();
    expect(sentPlaces()).toEqual([2]);
    echo('2026-11-03T10:00:01.000Z');
    expect(client.queuedCount).toBe(0);
  });

  it.each([
    [{ lat: 91, lng: 0 }, 'lat'],
    [{ lat: 0, lng: -180.5 }, 'lng'],
    [{ lat: Number.NaN, lng: 0 }, 'lat'],
    [{ lat: 0, lng: 0, timestamp: 'yesterday' }, 'timestamp'],
  ])('refuses %j without throwing', (location, word) => {
    const { client, seen } = start();
    expect(client.sendLocationUpdate(location)).toBe(false);
    expect(client.queuedCount).toBe(0);
    expect(seen.errors[0]).toMatchObject({ kind: 'invalid', message: expect.stringContaining(word) });
  });

  it("passes on the driver's place, zones, status and end", () => {
    const { seen } = start();
    FakeSocket.last.onopen?.();
    echo('2026-11-03T10:00:00.000Z', { eta_seconds: 300 });
    FakeSocket.last.hear({ type: 'geofence', zone: 'pickup', event: 'enter', parcel_id: 12 });
    FakeSocket.last.hear({ type: 'status_update', status: 'in_transit', parcel_id: 12 });
    FakeSocket.last.hear({ type: 'tracking_ended', parcel_id: 12 });
    FakeSocket.last.hear({ type: 'something_new' });
    expect(seen.updates).toEqual([
      {
        type: 'location_update',
        parcelId: 12,
        driverId: '5',
        location: { lat: 1, lng: 2, address: '' },
        timestamp: '2026-11-03T10:00:00.000Z',
        etaSeconds: 300,
      },
    ]);
    expect(seen.events.map((event) => event.type)).toEqual(['geofence', 'status_update', 'tracking_ended']);
    expect(seen.errors).toEqual([]);
  });

  it.each([
    ['{', 'JSON'],
    ['[]', 'object'],
    ['{"type":"location_update","driver_id":"5","parcel_id":12,"location":{"lat":95,"lng":0}}', 'lat'],
    ['{"type":"location_update","driver_id":5,"parcel_id":12,"location":{"lat":9,"lng":0}}', 'driver_id'],
    ['{"type":"geofence","zone":"moon","event":"enter","parcel_id":12}', 'zone'],
  ])('reports the frame %s', (frame, word) => {
    const { seen } = start();
    FakeSocket.last.onopen?.();
    FakeSocket.last.hear(frame);
    expect(seen.errors[0]).toMatchObject({ kind: 'frame', message: expect.stringContaining(word) });
    expect(seen.updates).toEqual([]);
  });

  it("passes on the server's error, and the refusal that follows it", () => {
    const { client, seen } = start();
    FakeSocket.last.onopen?.();
    FakeSocket.last.hear({ type: 'error', message: 'Parcel not found' });
    FakeSocket.last.end(4004);
    expect(seen.errors.map((error) => error.kind)).toEqual(['server', 'refused']);
    expect(client.connectionState).toBe('error');
  });
});
