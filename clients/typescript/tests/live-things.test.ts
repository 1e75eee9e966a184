import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../../testing/fake-socket.js';
import { followDelivery, followFigures, followParcel, followPresence, type Thing } from '../src/live/things/index.js';
import { type FakeLive, fakeLive, frame } from './fake-live.js';

let fake: FakeLive;
beforeEach(async () => {
  vi.useFakeTimers();
  fake = fakeLive();
  await fake.welcome();
});
afterEach(() => {
  fake.live.close();
  vi.useRealTimers();
});

function follow<Value>(thing: Thing<Value>): Thing<Value> {
  thing.subscribe(() => undefined);
  return thing;
}

describe('one thing', () => {
  it('is what came last, once for all who follow it', async () => {
    const delivery = follow(followDelivery(fake.live, 'TRK-1'));
    const again = follow(followDelivery(fake.live, 'TRK-1'));
    const other = follow(followDelivery(fake.live, 'TRK-2'));
    expect(again).toBe(delivery);
    expect(fake.sent()).toEqual([
      { op: 'sub', s: 1, to: 'delivery', id: 'TRK-1' },
      { op: 'sub', s: 2, to: 'delivery', id: 'TRK-2' },
    ]);
    await fake.hear({ op: 'delivery', id: 'TRK-1', status: 'ASSIGNED' }, { op: 'ready', s: 1 });
    expect(delivery.snapshot()).toMatchObject({ status: 'live', value: { status: 'ASSIGNED' } });
    expect(other.snapshot()).toMatchObject({ status: 'loading', value: null });
    await fake.hear({ op: 'error', s: 1, code: 'gone', message: 'it has expired', retry_ms: null });
    expect(delivery.snapshot()).toMatchObject({
      status: 'failed',
      error: { code: 'gone' },
      value: { status: 'ASSIGNED' },
    });
  });

  it('keeps a parcel’s driver until another one has it', async () => {
    const parcel = follow(followParcel(fake.live, 7));
    const told = (driver_id: number, status: string) => ({ op: 'parcel', id: 7, driver_id, status });
    const at = { op: 'parcel_at', id: 7, driver_id: 1, lat: 1, lng: 2, address: '', t: 3, eta_seconds: 60 };
    await fake.hear(at, told(1, 'assigned'), { ...at, id: 8 }, { op: 'ready', s: 1 });
    expect(parcel.snapshot().value).toMatchObject({ at: null, zone: null });
    await fake.hear(at, { op: 'parcel_zone', id: 7, zone: 'pickup', event: 'enter', t: 4 });
    expect(parcel.snapshot().value).toMatchObject({ at: { lat: 1 }, zone: { event: 'enter' } });
    await fake.hear(told(1, 'in_transit'));
    expect(parcel.snapshot().value).toMatchObject({ parcel: { status: 'in_transit' }, at: { lat: 1 } });
    await fake.hear(told(2, 'in_transit'));
    expect(parcel.snapshot().value?.at).toBeNull();
  });

  it('comes again after a lost connection, and is not followed once nobody listens', async () => {
    const figures = followFigures(fake.live);
    const stop = figures.subscribe(() => undefined);
    const viewers = follow(followPresence(fake.live));
    await fake.hear(
      { op: 'dashboard', total_trips: 3 },
      { op: 'ready', s: 1 },
      { op: 'ready', s: 2 },
      { op: 'presence', connections: 4 },
    );
    expect([figures.snapshot().value?.total_trips, viewers.snapshot().value]).toEqual([3, 4]);
    FakeSocket.last.end(1006);
    await frame();
    expect(figures.snapshot()).toMatchObject({ status: 'stale', value: { total_trips: 3 } });
    await vi.advanceTimersByTimeAsync(5_000);
    await fake.welcome();
    expect(fake.sent()).toMatchObject([{ to: 'dashboard' }, { to: 'presence' }]);
    stop();
    await vi.advanceTimersByTimeAsync(1_100);
    expect(fake.sent().at(-1)).toMatchObject({ op: 'unsub' });
    expect(figures.snapshot()).toMatchObject({ status: 'loading', value: null });
  });

  it('says that the connection is refused', async () => {
    const delivery = follow(followDelivery(fake.live, 'TRK-1'));
    await fake.hear({ op: 'bye', why: 'not_found', message: 'no such link', retry_ms: null });
    expect(delivery.snapshot()).toMatchObject({ status: 'failed', error: { code: 'not_found' } });
    expect(follow(followPresence(fake.live)).snapshot().status).toBe('failed');
  });
});
