import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../../testing/fake-socket.js';
import type { Box, Vehicle } from '../src/live/index.js';
import { openView, type View } from '../src/live/view/index.js';
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

const PARIS: Box = [2, 48, 3, 49];
const COVERS: Box = [1.85, 47.85, 3.15, 49.15];
const at = (id: string, lat: number, lon: number, t = 1): Vehicle => vehicle(id, { place: { lat, lon, t } });
const idsOf = (view: View) =>
  view
    .snapshot()
    .vehicles.map(({ id }) => id)
    .sort();

async function follow(box = PARIS): Promise<View> {
  const view = openView(fake.live, box);
  view.subscribe(() => undefined);
  await frame();
  return view;
}

describe('a view', () => {
  it('holds what is in the part of the map that the server covers, and drops what leaves it', async () => {
    const view = await follow();
    expect(fake.sent()).toEqual([{ op: 'sub', s: 1, to: 'view', box: PARIS }]);
    expect(view.status).toBe('loading');
    await fake.hear(
      { op: 'covers', s: 1, box: COVERS },
      { op: 'vehicles', v: [at('a', 48.5, 2.5), at('b', 49.1, 3.1)] },
      { op: 'ready', s: 1, count: 2 },
    );
    expect([view.status, idsOf(view)]).toEqual(['live', ['a', 'b']]);
    await fake.hear({ op: 'at', p: [{ id: 'a', lat: 50, lon: 2.5, t: 2 }] });
    expect(idsOf(view)).toEqual(['b']);
    await fake.hear({ op: 'vehicles', v: [at('a', 48.6, 2.5, 3)] });
    expect(idsOf(view)).toEqual(['a', 'b']);
  });

  it('sends nothing for a move within what is covered, and one message for another', async () => {
    const view = await follow();
    await fake.hear(
      { op: 'covers', s: 1, box: COVERS },
      { op: 'vehicles', v: [at('a', 48.5, 2.5)] },
      { op: 'ready', s: 1, count: 1 },
    );
    view.moveTo([2.1, 48.1, 3.1, 49.1]);
    expect(fake.sent()).toHaveLength(1);
    view.moveTo([12, 48, 13, 49]);
    expect(fake.sent().slice(1)).toEqual([{ op: 'view', s: 1, box: [12, 48, 13, 49] }]);
    expect(idsOf(view)).toEqual(['a']);
    await fake.hear(
      { op: 'covers', s: 1, box: [11.85, 47.85, 13.15, 49.15] },
      { op: 'vehicles', v: [at('c', 48.5, 12.5)] },
      { op: 'ready', s: 1, count: 1 },
    );
    expect(idsOf(view)).toEqual(['c']);
    // Far in: so much more is covered that less is asked for.
    view.moveTo([12.4, 48.4, 12.5, 48.5]);
    expect(fake.sent()).toHaveLength(3);
    FakeSocket.last.end(1006);
    await vi.advanceTimersByTimeAsync(5_000);
    await fake.welcome();
    expect(fake.sent()).toMatchObject([{ op: 'sub', to: 'view', box: [12.4, 48.4, 12.5, 48.5] }]);
    expect(view.status).toBe('stale');
  });

  it('has clusters in place of vehicles where there are more than it takes, until the server says that there are fewer', async () => {
    const view = openView(fake.live, PARIS, { max: 100 });
    view.subscribe(() => undefined);
    await frame();
    expect(fake.sent()).toEqual([{ op: 'sub', s: 1, to: 'view', box: PARIS, max: 100 }]);
    expect(view.clusters).toBeNull();
    const cluster = (id: string, count: number) => ({
      id,
      count,
      lat: 48.5,
      lon: 2.5,
      box: PARIS,
      status: { active: count },
    });
    const counts = () => [...(view.clusters ?? [])].map(([id, { count }]) => `${id}:${count}`).sort();
    await fake.hear(
      { op: 'covers', s: 1, box: COVERS, mode: 'clusters' },
      { op: 'clusters', s: 1, c: [cluster('x', 90), cluster('y', 80)] },
      { op: 'ready', s: 1, count: 2 },
    );
    expect([view.status, counts(), idsOf(view)]).toEqual(['live', ['x:90', 'y:80'], []]);
    await fake.hear({ op: 'clusters', s: 1, c: [cluster('x', 91), { id: 'y', count: 0 }] });
    expect(counts()).toEqual(['x:91']);
    // Covered already: nothing else comes. Elsewhere: all come.
    await fake.hear({ op: 'covers', s: 1, box: COVERS, mode: 'clusters' });
    await fake.hear({ op: 'clusters', s: 1, c: [cluster('z', 5)] });
    expect(counts()).toEqual(['x:91', 'z:5']);
    await fake.hear(
      { op: 'covers', s: 1, box: [0, 40, 10, 50], mode: 'clusters' },
      { op: 'clusters', s: 1, c: [cluster('w', 150)] },
    );
    expect(counts()).toEqual(['w:150']);
    await fake.hear(
      { op: 'covers', s: 1, box: COVERS, mode: 'vehicles' },
      { op: 'vehicles', v: [at('a', 48.5, 2.5)] },
      { op: 'ready', s: 1, count: 1 },
    );
    expect([view.clusters, idsOf(view)]).toEqual([null, ['a']]);
  });

  it('has vehicles while somebody else follows all, and asks for clusters again afterwards', async () => {
    const view = openView(fake.live, PARIS, { max: 100 });
    view.subscribe(() => undefined);
    await frame();
    await fake.hear({ op: 'covers', s: 1, box: COVERS, mode: 'clusters' }, { op: 'ready', s: 1, count: 0 });
    const stop = fake.live.vehicles().subscribe(() => undefined);
    await frame();
    expect(fake.sent().slice(1)).toMatchObject([
      { op: 'sub', s: 2, to: 'vehicles' },
      { op: 'unsub', s: 1 },
    ]);
    await fake.hear({ op: 'vehicles', v: [at('a', 48.5, 2.5), at('b', 40, 2)] }, { op: 'ready', s: 2, count: 2 });
    expect([view.clusters, idsOf(view)]).toEqual([null, ['a']]);
    stop();
    await vi.advanceTimersByTimeAsync(1_100); // somebody may come back
    await frame();
    expect(fake.sent().slice(3)).toMatchObject([
      { op: 'sub', s: 3, to: 'view', max: 100 },
      { op: 'unsub', s: 2 },
    ]);
  });

  it('crosses the antimeridian, however the map writes it', async () => {
    const view = await follow([170, -10, 190, 10]);
    await fake.hear(
      { op: 'covers', s: 1, box: [167, -13, -167, 13] },
      { op: 'vehicles', v: [at('a', 0, 179), at('b', 0, -179), at('c', 0, -160)] },
      { op: 'ready', s: 1, count: 2 },
    );
    expect(idsOf(view)).toEqual(['a', 'b']);
    view.moveTo([-189, -10, -169, 10]);
    expect(fake.sent()).toHaveLength(1);
  });

  it('has no subscription of its own while all vehicles are followed', async () => {
    fake.live.vehicles().subscribe(() => undefined);
    const view = await follow();
    expect(fake.sent()).toEqual([{ op: 'sub', s: 1, to: 'vehicles' }]);
    await fake.hear({ op: 'vehicles', v: [at('a', 48.5, 2.5), at('b', 48, 12)] }, { op: 'ready', s: 1, count: 2 });
    expect([view.status, idsOf(view)]).toEqual(['live', ['a']]);
    view.moveTo([11, 47, 13, 49]);
    await frame();
    expect(idsOf(view)).toEqual(['b']);
  });
});
