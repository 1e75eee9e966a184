import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../../testing/fake-socket.js';
import type { VehicleChange, Vehicles } from '../src/live/index.js';
import { type FakeLive, fakeLive, frame, vehicle } from './fake-live.js';

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

/** Follows, and counts the calls. */
function follow(store: Vehicles) {
  const seen = { calls: 0, stop: () => undefined as unknown };
  seen.stop = store.subscribe(() => {
    seen.calls += 1;
  });
  return seen;
}

const idsOf = (store: Vehicles) =>
  store
    .snapshot()
    .vehicles.map(({ id }) => id)
    .sort();

async function reconnect(): Promise<void> {
  FakeSocket.last.end(1006);
  await vi.advanceTimersByTimeAsync(5_000);
  await fake.welcome();
}

describe('a store of vehicles', () => {
  it('is loading, then live, and notifies once a frame', async () => {
    const buses = fake.live.vehicles({ route: '12' });
    const seen = follow(buses);
    await frame();
    expect(fake.sent()).toEqual([{ op: 'sub', s: 1, to: 'vehicles', routes: ['12'] }]);
    expect(buses.snapshot()).toMatchObject({ vehicles: [], status: 'loading', error: null });
    seen.calls = 0;
    await fake.hear({ op: 'vehicles', v: [vehicle('a'), vehicle('b')] }, { op: 'ready', s: 1, count: 2 });
    expect(seen.calls).toBe(1);
    expect(buses.snapshot().status).toBe('live');
    const before = buses.snapshot();
    const a = buses.get('a');
    await fake.hear(
      { op: 'at', p: [{ id: 'b', lat: 5, lon: 6, t: 7 }] },
      {
        op: 'at',
        p: [
          { id: 'b', lat: 8, lon: 9, t: 10, heading: 1 },
          { id: 'unknown', lat: 1, lon: 1, t: 1 },
        ],
      },
    );
    expect(seen.calls).toBe(2);
    expect(buses.snapshot()).not.toBe(before);
    expect(buses.get('a')).toBe(a);
    expect(buses.get('b')).toEqual(vehicle('b', { place: { lat: 8, lon: 9, t: 10, heading: 1 } }));
    const after = buses.snapshot();
    await fake.hear({ op: 'mark', t: 1 }, { op: 'at', p: [{ id: 'unknown', lat: 1, lon: 1, t: 1 }] });
    expect(buses.snapshot()).toBe(after);
    expect(seen.calls).toBe(2);
  });

  it('shows only what its filter selects, of what all filters brought', async () => {
    const route = fake.live.vehicles({ route: ['12', '13'] });
    const kind = fake.live.vehicles({ kind: 'car' });
    const one = fake.live.vehicles({ id: 'c' });
    const all = fake.live.vehicles();
    for (const store of [route, kind, one]) follow(store);
    await frame();
    expect(fake.sent()).toEqual([
      { op: 'sub', s: 1, to: 'vehicles', ids: ['c'], kinds: ['car'], routes: ['12', '13'] },
    ]);
    const c = vehicle('c', { kind: 'car', route: null });
    const v = [vehicle('a'), vehicle('b', { route: '13' }), c, vehicle('d', { kind: 'car' })];
    await fake.hear({ op: 'vehicles', v }, { op: 'ready', s: 1, count: 4 });
    expect([route, kind, one].map(idsOf)).toEqual([['a', 'b', 'd'], ['c', 'd'], ['c']]);
    const seen = follow(all);
    await frame();
    // The new one first, so that nothing is sent twice.
    expect(fake.sent().slice(1)).toEqual([
      { op: 'sub', s: 2, to: 'vehicles' },
      { op: 'unsub', s: 1 },
    ]);
    expect(all.status).toBe('loading');
    expect(route.status).toBe('live');
    await fake.hear({ op: 'vehicles', v: [vehicle('e', { route: null })] }, { op: 'ready', s: 2, count: 5 });
    expect(all.status).toBe('live');
    expect(idsOf(all)).toEqual(['a', 'b', 'c', 'd', 'e']);
    // A vehicle that changes its route.
    await fake.hear({ op: 'gone', ids: ['a'] }, { op: 'vehicles', v: [vehicle('a', { route: '99' })] });
    expect([route, all].map(idsOf)).toEqual([
      ['b', 'd'],
      ['a', 'b', 'c', 'd', 'e'],
    ]);
    seen.stop();
    await vi.advanceTimersByTimeAsync(1_100);
    expect(fake.sent().slice(3)).toMatchObject([
      { op: 'sub', s: 3 },
      { op: 'unsub', s: 2 },
    ]);
    expect(all.snapshot()).toMatchObject({ vehicles: [], status: 'loading' });
  });

  it('that is covered already costs no message', async () => {
    follow(fake.live.vehicles());
    await frame();
    await fake.hear({ op: 'vehicles', v: [vehicle('a'), vehicle('b')] }, { op: 'ready', s: 1, count: 2 });
    const one = fake.live.vehicles({ id: 'b' });
    follow(one);
    await frame();
    expect(one.snapshot()).toMatchObject({ status: 'live', vehicles: [{ id: 'b' }] });
    expect(fake.sent()).toHaveLength(1);
  });

  it('is kept over a short absence of listeners, and then ended', async () => {
    const buses = fake.live.vehicles();
    follow(buses).stop();
    await vi.advanceTimersByTimeAsync(500);
    const seen = follow(buses);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(fake.sent()).toHaveLength(1);
    seen.stop();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(fake.sent()).toMatchObject([
      { op: 'sub', s: 1 },
      { op: 'unsub', s: 1 },
    ]);
  });

  it('drops what was not named again after a lost connection, and keeps it until then', async () => {
    const all = fake.live.vehicles();
    follow(all);
    await frame();
    const v = [vehicle('a'), vehicle('b'), vehicle('c')];
    await fake.hear({ op: 'vehicles', v }, { op: 'ready', s: 1, count: 3 });
    FakeSocket.last.end(1006);
    await frame();
    expect(all.snapshot()).toMatchObject({ status: 'stale', vehicles: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] });
    await vi.advanceTimersByTimeAsync(600);
    await fake.welcome();
    expect(fake.sent()).toEqual([{ op: 'sub', s: 2, to: 'vehicles' }]);
    await fake.hear({ op: 'vehicles', v: [vehicle('b', { label: 'new' })] });
    expect(idsOf(all)).toEqual(['a', 'b', 'c']);
    await fake.hear({ op: 'at', p: [{ id: 'a', lat: 1, lon: 1, t: 9 }] }, { op: 'ready', s: 2, count: 1 });
    expect(all.snapshot()).toMatchObject({ status: 'live', vehicles: [{ id: 'b', label: 'new' }] });
  });

  it('sends many names in several subscriptions, within the limits of the server', async () => {
    const ids = Array.from({ length: 250 }, (_, index) => `vehicle-${index}`);
    follow(fake.live.vehicles({ id: ids }));
    await frame();
    const subs = fake.sent();
    expect(subs.length).toBeGreaterThan(1);
    expect(new Set(subs.flatMap((sub) => sub.ids))).toEqual(new Set(ids));
    expect(Math.max(...subs.map((sub) => JSON.stringify(sub).length))).toBeLessThan(4_096);
    const all = fake.live.vehicles({ id: ids });
    follow(all);
    await fake.hear(...subs.slice(1).map(({ s }) => ({ op: 'ready', s, count: 0 })));
    expect(all.status).toBe('loading');
    await fake.hear({ op: 'ready', s: subs[0]?.s, count: 0 });
    expect(all.status).toBe('live');
    FakeSocket.last.end(1006);
    await vi.advanceTimersByTimeAsync(2_000);
    await fake.welcome({ limits: { subscriptions: 64, names: 10, message_bytes: 4_096 } });
    expect(fake.sent()).toHaveLength(25);
  });

  it('says why it is refused, and asks again when that may help', async () => {
    const all = fake.live.vehicles();
    follow(all);
    await frame();
    await fake.hear({ op: 'error', s: 1, code: 'unavailable', message: 'busy', retry_ms: 2_000 });
    expect(all.snapshot()).toMatchObject({ status: 'loading', error: { code: 'unavailable', retryMs: 2_000 } });
    await vi.advanceTimersByTimeAsync(2_100);
    expect(fake.sent().at(-1)).toEqual({ op: 'sub', s: 2, to: 'vehicles' });
    await fake.hear({ op: 'ready', s: 2, count: 0 });
    expect(all.snapshot()).toMatchObject({ status: 'live', error: null });
    await reconnect();
    await fake.hear({ op: 'error', s: 3, code: 'forbidden', message: 'no', retry_ms: null });
    expect(all.snapshot()).toMatchObject({ status: 'failed', error: { code: 'forbidden', message: 'no' } });
    await reconnect();
    await fake.hear({ op: 'vehicles', v: [vehicle('a')] }, { op: 'ready', s: 4, count: 1 });
    expect(all.snapshot()).toMatchObject({ status: 'live', error: null });
  });

  it('goes on when one listener fails', async () => {
    const all = fake.live.vehicles();
    const uncaught: unknown[] = [];
    const original = globalThis.queueMicrotask;
    vi.stubGlobal('queueMicrotask', (run: () => void) =>
      original(() => {
        try {
          run();
        } catch (error) {
          uncaught.push(error);
        }
      }),
    );
    all.subscribe(() => {
      throw new Error('drawn wrongly');
    });
    const seen = follow(all);
    await frame();
    await fake.hear({ op: 'ready', s: 1, count: 0 });
    expect(seen.calls).toBe(1);
    expect(uncaught).toMatchObject([{ message: 'drawn wrongly' }]);
    vi.unstubAllGlobals();
  });
});

describe('a loop over vehicles', () => {
  function loop(store: Vehicles) {
    const seen: (VehicleChange | string)[] = [];
    const ended = (async () => {
      try {
        for await (const change of store) seen.push(change);
        seen.push('ended');
      } catch (error) {
        seen.push(`failed: ${(error as { code?: string }).code}`);
      }
    })();
    return { seen, ended };
  }

  it('gives what there is, ready, and then changes', async () => {
    const { seen } = loop(fake.live.vehicles());
    await frame();
    await fake.hear({ op: 'vehicles', v: [vehicle('a')] }, { op: 'ready', s: 1, count: 1 });
    expect(seen.splice(0)).toEqual([{ type: 'set', vehicle: vehicle('a') }, { type: 'ready' }]);
    await fake.hear({ op: 'at', p: [{ id: 'a', lat: 9, lon: 9, t: 9 }] });
    expect(seen.splice(0)).toMatchObject([{ type: 'set', vehicle: { id: 'a', place: { lat: 9 } } }]);
    await fake.hear({ op: 'gone', ids: ['a'] }, { op: 'vehicles', v: [vehicle('a', { label: 'x' })] });
    expect(seen.splice(0)).toMatchObject([{ type: 'set', vehicle: { label: 'x' } }]);
    await fake.hear({ op: 'gone', ids: ['a'] });
    expect(seen.splice(0)).toEqual([{ type: 'gone', id: 'a' }]);
    await reconnect();
    await fake.hear({ op: 'ready', s: 2, count: 0 });
    expect(seen.splice(0)).toEqual([{ type: 'ready' }]);
    fake.live.close();
    await frame();
    expect(seen).toEqual(['ended']);
  });

  it('that is slow gets the newest of each vehicle', async () => {
    const all = fake.live.vehicles();
    const loop = all[Symbol.asyncIterator]();
    await frame();
    await fake.hear({ op: 'vehicles', v: [vehicle('a'), vehicle('b')] }, { op: 'ready', s: 1, count: 2 });
    for (let t = 1; t < 50; t += 1) await fake.hear({ op: 'at', p: [{ id: 'a', lat: t, lon: t, t }] });
    const got = [];
    for (let count = 0; count < 3; count += 1) got.push((await loop.next()).value);
    expect(got).toMatchObject([
      { type: 'set', vehicle: { id: 'a', place: { t: 49 } } },
      { type: 'set', vehicle: { id: 'b' } },
      { type: 'ready' },
    ]);
    await loop.return();
    await vi.advanceTimersByTimeAsync(1_100);
    expect(fake.sent().at(-1)).toEqual({ op: 'unsub', s: 1 });
  });

  it('fails when it is refused, now and later', async () => {
    const { seen } = loop(fake.live.vehicles());
    await frame();
    await fake.hear({ op: 'error', s: 1, code: 'forbidden', message: 'no', retry_ms: null });
    expect(seen).toEqual(['failed: forbidden']);
    FakeSocket.last.end(4003);
    await frame();
    const late = loop(fake.live.vehicles());
    await frame();
    expect(late.seen).toEqual(['failed: refused']);
    fake.live.close();
    const last = loop(fake.live.vehicles());
    await frame();
    expect(last.seen).toEqual(['ended']);
  });
});
