import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { canRun, Milepost } from '../../testing/milepost.js';
import { connect, type Live, type LiveOptions } from '../src/live/index.js';
import { withFallback } from '../src/live/sse/index.js';
import { followDelivery, followFigures, followPresence } from '../src/live/things/index.js';
import { openView } from '../src/live/view/index.js';

const until = (check: () => unknown) => vi.waitFor(check, { timeout: 30_000, interval: 20 });

/** A WebSocket that a proxy does not let through. */
class Blocked {
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  constructor() {
    setTimeout(() => this.onclose?.({ code: 1006, reason: '' }), 5);
  }
  close(): void {}
}

describe.skipIf(!canRun)('the entries beside the live client, and a real server', () => {
  let milepost: Milepost;
  const open: Live[] = [];
  beforeAll(async () => {
    milepost = await Milepost.start();
  });
  afterEach(() => {
    for (const live of open.splice(0)) live.close();
  });
  afterAll(() => milepost.remove());

  function follow(options: LiveOptions = {}): Live {
    const live = connect({ url: milepost.url, platform: { webSocket: WebSocket }, ...options });
    open.push(live);
    return live;
  }
  const admin = (): LiveOptions => {
    const token = milepost.token('1000', 'admin');
    return { token: () => token };
  };
  async function addVehicle(id: string, latitude: number, longitude: number): Promise<void> {
    await milepost.call('POST', '/api/v1/vehicles', { id, kind: 'truck', label: id, status: 'active' });
    await report(id, latitude, longitude);
  }
  const report = (vehicle_id: string, latitude: number, longitude: number) =>
    milepost.call('POST', '/api/v1/positions', [{ vehicle_id, latitude, longitude }]);

  it('a view has the vehicles of its part of the map as they come, go and as it moves', async () => {
    const live = follow(admin());
    await addVehicle('v1', 48.5, 2.5);
    await addVehicle('v2', 48.5, 12.5);
    const view = openView(live, [2, 48, 3, 49], { batchMs: 0 });
    view.subscribe(() => undefined);
    const ids = () =>
      view
        .snapshot()
        .vehicles.map(({ id }) => id)
        .sort();
    await until(() => expect([view.status, ids()]).toEqual(['live', ['v1']]));
    await report('v2', 48.6, 2.6);
    await until(() => expect(ids()).toEqual(['v1', 'v2']));
    await report('v1', 40, 2.5);
    await until(() => expect(ids()).toEqual(['v2']));
    view.moveTo([2, 39, 3, 41]);
    await until(() => expect(ids()).toEqual(['v1']));
  });

  it('a visitor follows a delivery by its link, and learns why a link does not work', async () => {
    const body = { order_id: 'ORD-1', rider_id: 'RIDER-1', dropoff_lat: 5.6, dropoff_lng: -0.18 };
    const id = String((await milepost.call('POST', '/tracking/start', body)).tracking_id);
    const delivery = followDelivery(follow({ link: id }), id);
    delivery.subscribe(() => undefined);
    await until(() => expect(delivery.snapshot().value).toMatchObject({ id, order_id: 'ORD-1', place: null }));
    await milepost.call('POST', `/tracking/update/${id}`, { lat: 5.62, lng: -0.19, status: 'IN_TRANSIT' });
    await until(() =>
      expect(delivery.snapshot().value).toMatchObject({ status: 'IN_TRANSIT', place: { lat: 5.62, lng: -0.19 } }),
    );
    expect(delivery.snapshot().value).not.toHaveProperty('rider_id');
    const unknown = followDelivery(follow({ link: 'TRK-nobody-has-this-one' }), 'TRK-nobody-has-this-one');
    unknown.subscribe(() => undefined);
    await until(() => expect(unknown.snapshot()).toMatchObject({ status: 'failed', error: { code: 'not_found' } }));
  });

  it('the fleet’s figures and the number of connections come', async () => {
    const live = follow(admin());
    const [figures, presence] = [followFigures(live), followPresence(live)];
    figures.subscribe(() => undefined);
    presence.subscribe(() => undefined);
    await until(() => expect(figures.snapshot()).toMatchObject({ status: 'live', value: { op: 'dashboard' } }));
    await until(() => expect(presence.snapshot().value).toBeGreaterThanOrEqual(1));
  });

  it('without a WebSocket everything comes as a stream, over restarts too', { timeout: 90_000 }, async () => {
    await addVehicle('s1', 1, 1);
    const live = follow({ ...admin(), platform: { webSocket: withFallback(Blocked) } });
    const vehicles = live.vehicles();
    vehicles.subscribe(() => undefined);
    const titles: string[] = [];
    const follows = (async () => {
      for await (const alert of live.alerts()) {
        if (alert.type === 'state') expect(alert.complete).toBe(true);
        if (alert.type === 'alert.raised' && alert.data.title.startsWith('stream ')) titles.push(alert.data.title);
      }
    })();
    await until(() => expect(vehicles.get('s1')?.place).toMatchObject({ lat: 1, lon: 1 }));
    expect(live.connection.snapshot()).toMatchObject({ state: 'live', welcome: { role: 'admin' } });
    await until(() => expect(live.alerts().status).toBe('live'));
    const raise = (title: string) =>
      milepost.call('POST', '/api/v1/alerts', { type: 'system_error', title, message: 'm' });
    await raise('stream 1');
    await report('s1', 2, 2);
    await until(() => expect([vehicles.get('s1')?.place?.lat, titles]).toEqual([2, ['stream 1']]));
    // Another filter and a topic later, on streams of their own.
    const cars = live.vehicles({ id: 's2' });
    cars.subscribe(() => undefined);
    live.trips().subscribe(() => undefined);
    await addVehicle('s2', 3, 3);
    await until(() => expect(cars.get('s2')?.place?.lat).toBe(3));
    await until(() => expect(live.trips().status).toBe('live'));
    await milepost.halt();
    await milepost.resume();
    await raise('stream 2');
    await milepost.call('DELETE', '/api/v1/vehicles/s2');
    await until(() => expect(titles).toEqual(['stream 1', 'stream 2']));
    await until(() => expect([vehicles.status, cars.status, cars.get('s2')]).toEqual(['live', 'live', undefined]));
    const sent = await live.request({ op: 'report', positions: [{ vehicle_id: 's1', latitude: 4, longitude: 4 }] });
    expect(sent).toMatchObject({ accepted: 1 });
    await until(() => expect(vehicles.get('s1')?.place?.lat).toBe(4));
    await expect(live.request({ op: 'read', alert: 'none' })).rejects.toMatchObject({ code: 'not_found' });
    live.close();
    await follows;
  });

  it('a stream is refused with a bad token, and a socket is preferred where there is one', async () => {
    const refused = follow({ token: 'bad', platform: { webSocket: withFallback(Blocked) } });
    await until(() =>
      expect(refused.connection.snapshot()).toMatchObject({ state: 'refused', error: { code: 'token' } }),
    );
    const made: string[] = [];
    class Seen extends WebSocket {
      constructor(url: string) {
        super(url);
        made.push(url);
      }
    }
    const live = follow({ ...admin(), platform: { webSocket: withFallback(Seen) } });
    await until(() => expect(live.connection.snapshot().state).toBe('live'));
    expect(made).toHaveLength(1);
  });
});
