import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { canRun, Milepost, PICKUP } from '../../testing/milepost.js';
import type { TrackingError } from '../src/errors.js';
import { ParcelClient, type ParcelClientOptions } from '../src/parcel.js';
import type { ParcelEvent, ParcelLocationUpdate } from '../src/parcel-wire.js';

const CLIENT = 9;
const DRIVER = 5;

describe.skipIf(!canRun)('a parcel of a real server', () => {
  let milepost: Milepost;
  const open: ParcelClient[] = [];
  beforeAll(async () => {
    milepost = await Milepost.start();
  });
  afterEach(() => open.splice(0).forEach((client) => client.disconnect()));
  afterAll(() => milepost.remove());

  function follow(parcelId: number, token: string | null, more: Partial<ParcelClientOptions> = {}) {
    const seen = {
      updates: [] as ParcelLocationUpdate[],
      events: [] as ParcelEvent[],
      errors: [] as TrackingError[],
      queued: [] as number[],
    };
    const client = new ParcelClient({
      parcelId,
      token,
      serverUrl: milepost.url,
      onLocationUpdate: (update) => seen.updates.push(update),
      onEvent: (event) => seen.events.push(event),
      onError: (error) => seen.errors.push(error),
      onQueueChange: (count) => seen.queued.push(count),
      platform: { webSocket: WebSocket }, // Node has one of its own from version 22
      ...more,
    });
    open.push(client);
    client.connect();
    return { client, seen };
  }
  const driver = () => milepost.token(String(DRIVER), 'driver');
  const client = () => milepost.token(String(CLIENT), 'client');
  const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 20 });

  it('shows the client where the driver is, and the driver that its fix is stored', async () => {
    const parcel = await milepost.addParcel(CLIENT, DRIVER);
    const watcher = follow(parcel, client());
    const sender = follow(parcel, driver());
    await until(() =>
      expect([watcher.client.connectionState, sender.client.connectionState]).toEqual(['connected', 'connected']),
    );
    sender.client.sendLocationUpdate({ lat: 28.6, lng: 77.2, address: 'New Delhi, India' });
    await until(() =>
      expect(watcher.seen.updates.at(-1)).toMatchObject({
        parcelId: parcel,
        driverId: String(DRIVER),
        location: { lat: 28.6, lng: 77.2, address: 'New Delhi, India' },
      }),
    );
    expect(watcher.seen.updates.at(-1)?.etaSeconds).toBeGreaterThanOrEqual(60);
    await until(() => expect(sender.client.queuedCount).toBe(0));
    expect(sender.seen.queued[0]).toBe(1);

    const late = follow(parcel, client());
    await until(() => expect(late.seen.updates[0]?.location.lat).toBe(28.6));
  });

  it('keeps fixes while the server is away and sends them in order, so that the path has them all', async () => {
    const parcel = await milepost.addParcel(CLIENT, 6);
    const sender = follow(parcel, milepost.token('6', 'driver'));
    const states: string[] = [];
    const watcher = follow(parcel, client(), { onConnectionChange: (state) => states.push(state) });
    await until(() =>
      expect([watcher.client.connectionState, sender.client.connectionState]).toEqual(['connected', 'connected']),
    );
    await milepost.halt();
    await until(() => expect(sender.client.connectionState).not.toBe('connected'));
    const startMs = Date.now();
    for (let i = 0; i < 20; i++) sender.client.sendLocationUpdate({ lat: i, lng: 77.2, timestamp: startMs + i * 50 });
    expect(sender.client.queuedCount).toBe(20);
    await milepost.resume();
    await until(() => expect(sender.client.queuedCount).toBe(0));
    const path = await milepost.callAs(client(), 'GET', `/api/v1/parcels/${parcel}/path`);
    const items = path.items as { lat: number; timestamp: string }[];
    expect(items.map(({ lat, timestamp }) => [lat, Date.parse(timestamp)])).toEqual(
      Array.from({ length: 20 }, (_, i) => [i, startMs + i * 50]),
    );
    await until(() => expect(states.at(-1)).toBe('connected'));
    expect(sender.seen.errors).toEqual([]);
  });

  it('passes on zones, status and the end', async () => {
    const parcel = await milepost.addParcel(CLIENT, 7);
    const token = milepost.token('7', 'driver');
    const watcher = follow(parcel, client());
    const sender = follow(parcel, token);
    await until(() =>
      expect([watcher.client.connectionState, sender.client.connectionState]).toEqual(['connected', 'connected']),
    );
    sender.client.sendLocationUpdate(PICKUP);
    await until(() =>
      expect(watcher.seen.events).toContainEqual({
        type: 'geofence',
        parcelId: parcel,
        zone: 'pickup',
        event: 'enter',
      }),
    );
    await milepost.callAs(token, 'PATCH', `/api/v1/parcels/${parcel}`, { status: 'picked_up' });
    await until(() =>
      expect(watcher.seen.events).toContainEqual({ type: 'status_update', parcelId: parcel, status: 'picked_up' }),
    );
    await milepost.callAs(token, 'PATCH', `/api/v1/parcels/${parcel}`, { status: 'delivered' });
    await until(() =>
      expect(watcher.seen.events).toContainEqual({ type: 'tracking_ended', parcelId: parcel, status: 'delivered' }),
    );
    expect(watcher.seen.errors).toEqual([]);
  });

  it('stays on after a client sends a location, which is refused', async () => {
    const parcel = await milepost.addParcel(CLIENT, DRIVER);
    const { client: watcher, seen } = follow(parcel, client());
    await until(() => expect(watcher.connectionState).toBe('connected'));
    watcher.sendLocationUpdate({ lat: 1, lng: 2 });
    await until(() => expect(seen.errors.map((error) => error.kind)).toEqual(['server']));
    expect(watcher.connectionState).toBe('connected');
  });

  it.each([
    ['no token', 4001, (): [number, string | null] => [1, null]],
    ['a bad token', 4001, (): [number, string | null] => [1, 'not-a-token']],
    ["another client's token", 4003, (): [number, string | null] => [1, milepost.token('77', 'client')]],
    ['an unknown parcel', 4004, (): [number, string | null] => [999_999, client()]],
  ])('is refused for good with %s', async (_, code, arrange) => {
    await milepost.addParcel(CLIENT, DRIVER); // parcel 1 is there whichever test comes first
    const { client: refused, seen } = follow(...arrange());
    await until(() => expect(refused.connectionState).toBe('error'));
    expect(seen.errors.at(-1)).toMatchObject({ kind: 'refused', closeCode: code });
    expect(refused.retryAtMs).toBeNull();
  });
});
