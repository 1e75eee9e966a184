import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { canRun, type Kiosk, Milepost } from '../../testing/milepost.js';
import { BusClient, type BusClientOptions } from '../src/bus.js';
import type { BusLocation } from '../src/bus-wire.js';
import type { TrackingError } from '../src/errors.js';

describe.skipIf(!canRun)('the buses of a real server', () => {
  let milepost: Milepost;
  let kiosk: Kiosk;
  const open: BusClient[] = [];
  beforeAll(async () => {
    milepost = await Milepost.start();
    kiosk = await milepost.addKiosk('Bus 7', 'WB01AB1234');
  });
  afterEach(() => {
    for (const client of open.splice(0)) client.disconnect();
  });
  afterAll(() => milepost.remove());

  function follow(more: Partial<BusClientOptions> = {}) {
    const seen = { locations: [] as BusLocation[], errors: [] as TrackingError[], viewing: [] as number[] };
    const client = new BusClient({
      token: milepost.token('1000', 'admin'),
      serverUrl: milepost.url,
      onLocationUpdate: (location) => seen.locations.push(location),
      onPresence: (viewing) => seen.viewing.push(viewing),
      onError: (error) => seen.errors.push(error),
      platform: { webSocket: WebSocket },
      ...more,
    });
    open.push(client);
    client.connect();
    return { client, seen };
  }
  const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 20 });

  it('gives the last position first, then each new one, and how many watch', async () => {
    await milepost.ping(kiosk, 22.5726, 88.3639, 45, 90);
    const { seen } = follow();
    const first = {
      busId: kiosk.vehicleId,
      licensePlate: 'WB01AB1234',
      latitude: 22.5726,
      speedKmh: 45,
      headingDeg: 90,
    };
    await until(() => expect(seen.locations).toMatchObject([first]));
    await until(() => expect(seen.viewing).toEqual([1]));
    await milepost.ping(kiosk, 22.58, 88.37);
    await until(() => expect(seen.locations.at(-1)).toMatchObject({ latitude: 22.58, status: 'on_route' }));
    expect(seen.errors).toEqual([]);
  });

  it('narrows to the filter, and replays on request', async () => {
    const other = await milepost.addKiosk('Bus 8', 'WB01AB0008');
    const replayed: number[] = [];
    const { client, seen } = follow({ onReplayComplete: (count) => replayed.push(count) });
    await until(() => expect(client.connectionState).toBe('connected'));
    client.subscribe({ busIds: [other.vehicleId] });
    client.requestReplay(1);
    await until(() => expect(replayed).toEqual([0]));
    await milepost.ping(kiosk, 22.6, 88.4);
    await milepost.ping(other, 22.7, 88.5);
    await until(() => expect(seen.locations.at(-1)?.busId).toBe(other.vehicleId));
    expect(seen.locations.some(({ latitude }) => latitude === 22.6)).toBe(false);
  });

  it('comes back after a restart with the newest position', async () => {
    const { client, seen } = follow();
    await until(() => expect(client.connectionState).toBe('connected'));
    await milepost.halt();
    await until(() => expect(client.connectionState).not.toBe('connected'));
    await milepost.resume();
    await milepost.ping(kiosk, 22.59, 88.38);
    await until(() => expect(seen.locations.map(({ latitude }) => latitude)).toContain(22.59));
    expect(seen.errors).toEqual([]);
  });

  it('is refused for good with an invalid token, which the failed handshake does not show', async () => {
    const { client, seen } = follow({ token: 'not-a-token' });
    await until(() => expect(client.connectionState).toBe('error'));
    expect(seen.errors).toMatchObject([{ kind: 'refused', closeCode: null }]);
  });
});
