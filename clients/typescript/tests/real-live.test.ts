import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { canRun, Milepost } from '../../testing/milepost.js';
import {
  connect,
  type Live,
  type LiveOptions,
  type Vehicle,
  type VehicleFilter,
  type Vehicles,
} from '../src/live/index.js';
import type { components } from '../src/rest/index.js';

type Position = components['schemas']['Position'];

/** The sockets that are open, so that a test can cut them. */
const sockets = new Set<WebSocket>();
let madeSockets = 0;
class CutSocket extends WebSocket {
  constructor(url: string) {
    super(url);
    sockets.add(this);
    madeSockets += 1;
    this.once('close', () => sockets.delete(this));
  }
}
function cut(): void {
  for (const socket of sockets) socket.terminate();
}

/** Small, seeded, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

const LIMIT_MS = 30_000;
const until = (check: () => unknown) => vi.waitFor(check, { timeout: LIMIT_MS, interval: 20 });

describe.skipIf(!canRun)('the live client and a real server', () => {
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
    const token = milepost.token('1000', 'admin');
    const live = connect({ url: milepost.url, token: () => token, platform: { webSocket: CutSocket }, ...options });
    open.push(live);
    return live;
  }

  /** What the REST API has, in the form of the live protocol. */
  async function stored(): Promise<Vehicle[]> {
    const found: Vehicle[] = [];
    for (let after = ''; ; ) {
      const page = await milepost.call('GET', `/api/v1/vehicles?limit=500${after}`);
      for (const row of page.items as components['schemas']['Vehicle'][]) {
        found.push({ ...known(row), place: placeOf(row.position) });
      }
      if (!page.next) return found.sort((a, b) => (a.id < b.id ? -1 : 1));
      after = `&after=${String(page.next)}`;
    }
  }

  function placeOf(position: Position | null): Vehicle['place'] {
    if (!position) return null;
    const { latitude, longitude, speed, heading, timestamp } = position;
    const known = { ...(speed === null ? {} : { speed }), ...(heading === null ? {} : { heading }) };
    return { lat: latitude, lon: longitude, ...known, t: Date.parse(timestamp) };
  }

  /** The fields that both have. A later server sends more. */
  function known(vehicle: Omit<Vehicle, 'place' | 'off_duty_since'>): Omit<Vehicle, 'place'> {
    const { id, kind, label, license_plate, route, status, driver_id } = vehicle;
    return { id, kind, label, license_plate, route, status, driver_id };
  }

  const sorted = (vehicles: Iterable<Vehicle>) =>
    [...vehicles]
      .map((vehicle) => ({ ...known(vehicle), place: vehicle.place }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));

  it.each([1, 2, 3])(
    'has what the server has after any changes, cuts and restarts: seed %i',
    { timeout: 120_000 },
    async (seed) => {
      const random = randomOf(seed);
      const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
      const [name, routes, kinds] = [`m${seed}`, ['12', '13', null], ['bus', 'car']];
      const live = follow();
      const ids: string[] = [];
      const filters: VehicleFilter[] = [
        {},
        { route: '12' },
        { kind: 'car', id: [`${name}-1`, `${name}-4`] },
        { id: `${name}-2` },
      ];
      const stores = filters.map((filter) => live.vehicles(filter));
      for (const store of stores) store.subscribe(() => undefined);
      const folded = new Map<string, Vehicle>();
      const fold = async (store: Vehicles) => {
        for await (const change of store) {
          if (change.type === 'set') folded.set(change.vehicle.id, change.vehicle);
          else if (change.type === 'gone') folded.delete(change.id);
          if (random() < 0.1) await new Promise((done) => setTimeout(done, random() * 200));
        }
      };
      const folding = fold(live.vehicles({ route: '12' }));

      let made = 0;
      const add = async () => {
        made += 1;
        const id = `${name}-${made}`;
        ids.push(id);
        await milepost.call('POST', '/api/v1/vehicles', {
          id,
          kind: pick(kinds),
          label: id,
          route: pick(routes),
          status: 'active',
        });
      };
      const change = async () => {
        const fields = pick([
          { route: pick(routes) },
          { label: `L${random()}` },
          { kind: pick(kinds) },
          { status: 'idle' },
        ]);
        if (ids.length > 0) await milepost.call('PATCH', `/api/v1/vehicles/${pick(ids)}`, fields);
      };
      const move = async () => {
        const positions = ids
          .filter(() => random() < 0.5)
          .map((vehicle_id) => ({
            vehicle_id,
            latitude: Number((48 + random() / 1e5).toFixed(6)),
            longitude: Number((2 + random() / 1e5).toFixed(6)),
            ...(random() < 0.5 ? { speed: Math.round(random() * 500) / 10 } : {}),
          }));
        if (positions.length > 0) await milepost.call('POST', '/api/v1/positions', positions);
      };
      const remove = async () => {
        const [id] = ids.splice(Math.floor(random() * ids.length), 1);
        if (id) await milepost.call('DELETE', `/api/v1/vehicles/${id}`);
      };
      /** Another filter for a while, so that the subscriptions change. */
      const widen = () => {
        const stop = live.vehicles(pick([{}, { route: '13' }, { id: pick(ids) ?? 'x' }])).subscribe(() => undefined);
        setTimeout(stop, random() * 1_000);
      };
      const restart = async () => {
        await (random() < 0.5 ? milepost.kill() : milepost.halt());
        await milepost.resume();
      };
      for (let step = 0; step < 120; step += 1) {
        const turn = random();
        if (turn < 0.2 || ids.length < 3) await add();
        else if (turn < 0.6) await move();
        else if (turn < 0.8) await change();
        else if (turn < 0.88) await remove();
        else if (turn < 0.93) widen();
        else if (turn < 0.98) cut();
        else await restart();
        if (random() < 0.3) await new Promise((done) => setTimeout(done, random() * 100));
      }
      const all = await stored();
      for (const [index, store] of stores.entries()) {
        const expected = all.filter((vehicle) => store.selection.holds(vehicle));
        await until(() => expect(store.status).toBe('live'));
        await until(() => expect(sorted(store.snapshot().vehicles), `filter ${index}`).toEqual(expected));
      }
      await until(() => expect(sorted(folded.values())).toEqual(all.filter(({ route }) => route === '12')));
      live.close();
      await folding;
    },
  );

  it('misses no alert and doubles none, over cuts, restarts and new programs', { timeout: 120_000 }, async () => {
    const random = randomOf(7);
    const isOurs = ({ title }: { title: string }) => title.startsWith('alert ');
    const raised: string[] = [];
    const seen: string[] = [];
    let after: string | null = null;
    let live = follow();
    const take = async (from: Live) => {
      const alerts = from.alerts({ after });
      for await (const alert of alerts) {
        if (alert.type === 'state') expect(alert.complete).toBe(true);
        // The server raises alerts of its own about vehicles of the other tests.
        if (alert.type === 'alert.raised' && isOurs(alert.data)) seen.push(alert.data.title);
        after = alert.cursor;
        if (random() < 0.2) await new Promise((done) => setTimeout(done, random() * 50));
      }
    };
    let taking = take(live);
    await until(() => expect(after).not.toBeNull());
    for (let step = 0; step < 150; step += 1) {
      const turn = random();
      if (turn < 0.75) {
        const title = `alert ${step}`;
        await milepost.call('POST', '/api/v1/alerts', { type: 'system_error', title, message: 'm' });
        raised.push(title);
      } else if (turn < 0.9) cut();
      else if (turn < 0.95) {
        live.close();
        await taking;
        live = follow();
        taking = take(live);
      } else {
        await (random() < 0.5 ? milepost.kill() : milepost.halt());
        await milepost.resume();
      }
    }
    await until(() => expect(seen.length).toBeGreaterThanOrEqual(raised.length));
    expect(seen).toEqual(raised);
    const store = follow().alerts();
    store.subscribe(() => undefined);
    const titles = () =>
      store
        .snapshot()
        .items.filter(isOurs)
        .map(({ title }) => title);
    await until(() => expect(titles()).toEqual([...raised].reverse()));
  });

  it('is refused with a bad token, and lives on with another one', async () => {
    const tokens = ['bad', 'bad', milepost.token('1000', 'admin')];
    const live = follow({ token: () => tokens.shift() });
    await until(() => expect(live.connection.snapshot()).toMatchObject({ state: 'refused', error: { code: 'token' } }));
    live.reconnect();
    await until(() => expect(live.connection.snapshot()).toMatchObject({ state: 'live', welcome: { role: 'admin' } }));
  });

  it('renews its token over the open connection', async () => {
    let made = 0;
    const token = () => {
      made += 1;
      return milepost.token('1000', 'admin', made === 1 ? '6s' : '1h');
    };
    madeSockets = 0;
    const live = follow({ token });
    await until(() => expect(live.connection.snapshot().state).toBe('live'));
    await until(() => expect(made).toBe(2));
    await new Promise((done) => setTimeout(done, 7_000));
    expect(live.connection.snapshot().state).toBe('live');
    expect(madeSockets).toBe(1);
  });

  it('says what may not be followed, and goes on with the rest', async () => {
    const token = milepost.token('2000', 'driver');
    const live = follow({ token });
    const records = live.records();
    const failure = await (async () => {
      for await (const fact of records) return fact;
    })().catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'LiveError', code: 'forbidden' });
    const notices = live.notices();
    notices.subscribe(() => undefined);
    await until(() => expect(notices.status).toBe('live'));
  });
});
