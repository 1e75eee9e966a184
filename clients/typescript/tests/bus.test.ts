import { beforeEach, describe, expect, it } from 'vitest';
import { FakeSocket, fakePlatform } from '../../testing/fake-socket.js';
import { BusClient, type BusClientOptions } from '../src/bus.js';
import type { BusLocation } from '../src/bus-wire.js';
import type { TrackingError } from '../src/errors.js';

const DATA = {
  bus_id: 'b1',
  license_plate: 'WB01AB1234',
  latitude: 22.5726,
  longitude: 88.3639,
  speed: 45.5,
  heading: 90,
  status: 'on_route',
  timestamp: '2026-11-03T10:30:45.123Z',
};

let locations: BusLocation[];
let errors: TrackingError[];

function start(options: Partial<BusClientOptions> = {}): BusClient {
  const client = new BusClient({
    serverUrl: 'https://host',
    onLocationUpdate: (location) => locations.push(location),
    onError: (error) => errors.push(error),
    platform: fakePlatform(),
    ...options,
  });
  client.connect();
  FakeSocket.last.onopen?.();
  return client;
}

beforeEach(() => {
  locations = [];
  errors = [];
});

describe('a bus client', () => {
  it('asks for the presence only if onPresence is given', () => {
    start();
    expect(FakeSocket.last.url).toBe('wss://host/ws/bus-tracking/');
    start({ token: 'T', onPresence: () => undefined });
    expect(FakeSocket.last.url).toBe('wss://host/ws/bus-tracking/?presence=1&token=T');
  });

  it('gives each location, and says which belong to a replay', () => {
    const seen: unknown[] = [];
    const client = start({
      onPresence: (viewing) => seen.push(viewing),
      onReplayComplete: (count) => seen.push(`${count} replayed`),
    });
    FakeSocket.last.hear({ type: 'presence', data: { viewing: 2 } });
    FakeSocket.last.hear({ type: 'location_update', data: DATA });
    expect(client.requestReplay(10)).toBe(true);
    expect(JSON.parse(FakeSocket.last.sent.at(-1) ?? '')).toEqual({ type: 'replay_request', minutes: 10 });
    FakeSocket.last.hear({ type: 'location_update', data: DATA, replayed: true });
    FakeSocket.last.hear({ type: 'replay_complete', count: 1 });
    FakeSocket.last.hear({ type: 'pong' });
    expect(locations.map(({ busId, speedKmh, isReplayed }) => [busId, speedKmh, isReplayed])).toEqual([
      ['b1', 45.5, false],
      ['b1', 45.5, true],
    ]);
    expect(seen).toEqual([2, '1 replayed']);
    expect(errors).toEqual([]);
  });

  it('narrows to a filter, and again after a reconnect', () => {
    const client = start();
    client.subscribe({ routes: ['12'] });
    const wanted = { type: 'subscribe', bus_ids: [], routes: ['12'] };
    expect(FakeSocket.last.sent.map((text) => JSON.parse(text))).toEqual([wanted]);
    FakeSocket.last.end(1006);
    client.connect();
    FakeSocket.last.onopen?.();
    expect(FakeSocket.last.sent.map((text) => JSON.parse(text))).toEqual([wanted]);
    client.disconnect();
  });

  it.each([{ ...DATA, latitude: 91 }, { ...DATA, timestamp: 'soon' }, { ...DATA, bus_id: 7 }, null])(
    'reports %j, from which no marker could be drawn',
    (data) => {
      start();
      FakeSocket.last.hear({ type: 'location_update', data });
      expect(errors).toMatchObject([{ kind: 'frame' }]);
      expect(locations).toEqual([]);
    },
  );

  it('takes an unknown plate, speed and heading as such', () => {
    start();
    FakeSocket.last.hear({
      type: 'location_update',
      data: { ...DATA, license_plate: null, speed: null, heading: null },
    });
    expect(locations).toMatchObject([{ licensePlate: null, speedKmh: 0, headingDeg: 0 }]);
  });
});
