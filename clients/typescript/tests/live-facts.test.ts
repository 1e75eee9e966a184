import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../../testing/fake-socket.js';
import type { Alert, AlertFact, Facts, State } from '../src/live/index.js';
import { type FakeLive, fakeLive, frame } from './fake-live.js';

let fake: FakeLive;
beforeEach(async () => {
  vi.useFakeTimers({ now: 0 });
  fake = fakeLive();
  await fake.welcome();
});
afterEach(() => {
  fake.live.close();
  vi.useRealTimers();
});

type Alerts = Facts<Alert, AlertFact>;
const alert = (id: string, more: object = {}) => ({
  id,
  title: id,
  read: false,
  expires_at: '2030-01-01T00:00:00Z',
  ...more,
});
const fact = (number: number, type = 'alert.raised', data: object = alert(`a${number}`)) => ({
  op: 'fact',
  e: `f.${number}`,
  type,
  t: number,
  data,
});

function loop(alerts: Alerts, count = Number.POSITIVE_INFINITY) {
  const seen: (AlertFact | State<Alert> | string)[] = [];
  const run = async () => {
    try {
      for await (const alert of alerts) {
        seen.push(alert);
        if (seen.length >= count) break;
      }
      seen.push('ended');
    } catch (error) {
      seen.push(`failed: ${(error as { code?: string }).code}`);
    }
  };
  void run();
  return seen;
}
const cursorsOf = (seen: (AlertFact | State<Alert> | string)[]) =>
  seen.map((value) => (typeof value === 'string' ? value : `${value.type} ${value.cursor}`));

async function reconnect(): Promise<void> {
  FakeSocket.last.end(1006);
  await vi.advanceTimersByTimeAsync(1_100);
  await fake.welcome();
}

describe('a store of alerts', () => {
  it('has the present state, the newest first, and what changes it', async () => {
    const alerts = fake.live.alerts();
    let calls = 0;
    alerts.subscribe(() => {
      calls += 1;
    });
    await frame();
    expect(fake.sent()).toEqual([{ op: 'sub', s: 1, to: 'alerts' }]);
    calls = 0;
    await fake.hear(
      { op: 'items', s: 1, items: [alert('b'), alert('a')] },
      { op: 'ready', s: 1, complete: true, cursor: 'f.1' },
      fact(2),
      fact(3, 'alert.read', { id: 'a', read_at: 'now', read_by: 7 }),
      fact(4, 'alert.deleted', { id: 'b' }),
      fact(5, 'alert.snoozed', { id: 'a' }), // of a later server
      fact(6, 'trip.changed', { id: 'a', status: 'started' }),
    );
    expect(calls).toBe(1);
    expect(alerts.snapshot()).toMatchObject({ status: 'live', complete: true, error: null });
    expect(alerts.snapshot().items.map(({ id }) => id)).toEqual(['a2', 'a']);
    expect(alerts.get('a')).toMatchObject({ read: true, read_at: 'now', read_by: 7 });
    expect(alerts.cursor).toBe('f.5');
    await fake.hear({ op: 'mark', t: Date.parse('2030-01-01T00:00:01Z'), cursor: 'f.9' });
    expect(alerts.snapshot().items).toEqual([]);
    expect(alerts.cursor).toBe('f.9');
    expect(fake.live.alerts()).toBe(alerts);
  });

  it('resumes after a lost connection, and tells if facts were missed', async () => {
    const alerts = fake.live.alerts();
    alerts.subscribe(() => undefined);
    const seen = loop(alerts);
    await frame();
    await fake.hear({ op: 'items', s: 1, items: [alert('a')] }, { op: 'ready', s: 1, complete: true, cursor: 'f.1' });
    await reconnect();
    expect(fake.sent()).toEqual([{ op: 'sub', s: 2, to: 'alerts', after: 'f.1' }]);
    await fake.hear(fact(2), { op: 'mark', t: 1, cursor: 'f.7' }, { op: 'ready', s: 2, complete: true, cursor: 'f.2' });
    expect(alerts.snapshot()).toMatchObject({ complete: true, items: [{ id: 'a2' }, { id: 'a' }] });
    await reconnect();
    await fake.hear(
      { op: 'items', s: 3, items: [alert('z')] },
      { op: 'ready', s: 3, complete: false, cursor: 'g.1' },
      { ...fact(3), e: 'g.2' },
    );
    expect(alerts.snapshot()).toMatchObject({ status: 'live', complete: false, items: [{ id: 'a3' }, { id: 'z' }] });
    expect(cursorsOf(seen)).toEqual(['state f.1', 'alert.raised f.2', 'state g.1', 'alert.raised g.2']);
    expect(seen[2]).toMatchObject({ complete: false, items: [{ id: 'z' }] });
  });

  it('shows a running trip as it goes on, without moving the cursor', async () => {
    const trips = fake.live.trips();
    const seen: string[] = [];
    void (async () => {
      for await (const { type, cursor } of trips) seen.push(`${type} ${cursor}`);
    })();
    await frame();
    const trip = (id: string, distance: number, status = 'started') => ({ id, distance, status });
    const goesOn = (id: string, distance: number) => ({ op: 'trip', t: 5, data: trip(id, distance) });
    await fake.hear(
      goesOn('a', 0.5), // before the state
      { op: 'items', s: 1, items: [trip('a', 1)] },
      { op: 'ready', s: 1, complete: true, cursor: 'f.1' },
      goesOn('a', 2),
      goesOn('a', 3),
      goesOn('unknown', 9),
    );
    expect(trips.snapshot().items).toEqual([trip('a', 3)]);
    expect(trips.cursor).toBe('f.1');
    await fake.hear(fact(2, 'trip.changed', trip('a', 4, 'completed')), goesOn('a', 3));
    expect(trips.snapshot().items).toEqual([]);
    expect(seen).toEqual([
      'state f.1',
      ...Array(3).fill('trip.progressed f.1'),
      'trip.changed f.2',
      'trip.progressed f.2',
    ]);
  });

  it('begins again with the state when the connection was lost before it was ready', async () => {
    const alerts = fake.live.alerts();
    alerts.subscribe(() => undefined);
    await frame();
    await fake.hear({ op: 'items', s: 1, items: [alert('old')] });
    await reconnect();
    expect(fake.sent()).toEqual([{ op: 'sub', s: 2, to: 'alerts' }]);
    await fake.hear({ op: 'items', s: 2, items: [alert('a')] }, { op: 'ready', s: 2, complete: true, cursor: 'f.1' });
    expect(alerts.snapshot().items.map(({ id }) => id)).toEqual(['a']);
  });
});

describe('a loop over alerts', () => {
  it('begins after a cursor, and moves its own when its body is done', async () => {
    const alerts = fake.live.alerts({ after: 'f.1' });
    const iterator = alerts[Symbol.asyncIterator]();
    await frame();
    expect(fake.sent()).toEqual([{ op: 'sub', s: 1, to: 'alerts', after: 'f.1' }]);
    await fake.hear(fact(2), fact(3), { op: 'ready', s: 1, complete: true, cursor: 'f.3' });
    expect(alerts.cursor).toBe('f.1');
    expect((await iterator.next()).value).toMatchObject({ cursor: 'f.2' });
    expect(alerts.cursor).toBe('f.1');
    expect((await iterator.next()).value).toMatchObject({ cursor: 'f.3' });
    expect(alerts.cursor).toBe('f.2');
    await fake.hear({ op: 'mark', t: 1, cursor: 'f.8' });
    expect(alerts.cursor).toBe('f.2');
    void iterator.next();
    expect(alerts.cursor).toBe('f.8');
    await fake.hear({ op: 'mark', t: 1, cursor: 'f.9' });
    expect(alerts.cursor).toBe('f.9');
  });

  it('that is left gets the rest with the next loop', async () => {
    const alerts = fake.live.alerts({ after: 'f.1' });
    const first = loop(alerts, 2);
    await frame();
    await fake.hear(fact(2), fact(3), fact(4), { op: 'ready', s: 1, complete: true, cursor: 'f.4' });
    expect(cursorsOf(first)).toEqual(['alert.raised f.2', 'alert.raised f.3', 'ended']);
    const second = loop(alerts);
    await frame();
    // The body of f.3 was left before it was done.
    expect(fake.sent().at(-1)).toMatchObject({ op: 'sub', after: 'f.2' });
    await fake.hear(fact(3), fact(4));
    expect(cursorsOf(second)).toEqual(['alert.raised f.3', 'alert.raised f.4']);
  });

  it('is told when what it missed is not stored any more', async () => {
    const seen = loop(fake.live.alerts({ after: 'old.1' }));
    await frame();
    await fake.hear({ op: 'items', s: 1, items: [alert('a')] }, { op: 'ready', s: 1, complete: false, cursor: 'f.4' });
    expect(seen).toMatchObject([{ type: 'state', complete: false, items: [{ id: 'a' }], cursor: 'f.4' }]);
  });

  it('shares one subscription with others, and a cursor of its own is taken', async () => {
    const first = loop(fake.live.alerts());
    const second = loop(fake.live.alerts());
    await frame();
    await fake.hear({ op: 'items', s: 1, items: [alert('a')] }, { op: 'ready', s: 1, complete: true, cursor: 'f.1' });
    const late = loop(fake.live.alerts());
    await fake.hear(fact(2));
    for (const seen of [first, second, late]) expect(cursorsOf(seen)).toEqual(['state f.1', 'alert.raised f.2']);
    expect(fake.sent()).toHaveLength(1);
    const taken = loop(fake.live.alerts({ after: 'f.0' }));
    await frame();
    expect(taken).toEqual(['failed: taken']);
    expect(fake.sent()).toHaveLength(1);
  });

  it('that is far behind stops the topic, and gets the rest once it has caught up', async () => {
    const alerts = fake.live.alerts({ after: 'f.0' });
    const iterator = alerts[Symbol.asyncIterator]();
    await frame();
    await fake.hear({ op: 'ready', s: 1, complete: true, cursor: 'f.0' });
    for (let number = 1; number <= 1_200; number += 1) FakeSocket.last.hear(fact(number));
    await frame();
    expect(fake.sent().slice(1)).toEqual([{ op: 'unsub', s: 1 }]);
    const got: string[] = [];
    const take = async () => got.push(((await iterator.next()).value as AlertFact).cursor);
    for (let count = 0; count < 499; count += 1) await take();
    expect(fake.sent()).toHaveLength(2);
    await take();
    expect(fake.sent().slice(2)).toEqual([{ op: 'sub', s: 2, to: 'alerts', after: 'f.1000' }]);
    // The last ones of the ended subscription may still come, and come again then.
    await fake.hear(fact(1_001), fact(1_001), fact(1_002), { op: 'ready', s: 2, complete: true, cursor: 'f.1002' });
    for (let count = 0; count < 502; count += 1) await take();
    expect(got).toEqual(Array.from({ length: 1_002 }, (_, index) => `f.${index + 1}`));
  });

  it('fails when it is refused, and ends when the connection is closed', async () => {
    const seen = loop(fake.live.alerts());
    await frame();
    await fake.hear({ op: 'error', s: 1, code: 'forbidden', message: 'no', retry_ms: null });
    expect(seen).toEqual(['failed: forbidden']);
    await reconnect();
    const other = loop(fake.live.trips() as unknown as Alerts);
    await frame();
    fake.live.close();
    await frame();
    expect(other).toEqual(['ended']);
  });
});

it('what is followed while the connection is refused begins once it is tried again', async () => {
  FakeSocket.last.end(4001);
  await frame();
  const [alerts, vehicles] = [fake.live.alerts(), fake.live.vehicles()];
  for (const store of [alerts, vehicles]) store.subscribe(() => undefined);
  await frame();
  expect(alerts.snapshot()).toMatchObject({ status: 'failed', error: { code: 'token' } });
  expect(vehicles.snapshot()).toMatchObject({ status: 'failed', error: { code: 'token' } });
  fake.live.reconnect();
  await fake.welcome();
  expect(fake.sent()).toMatchObject([{ to: 'alerts' }, { to: 'vehicles' }]);
  await fake.hear({ op: 'ready', s: 1, complete: true, cursor: 'f.1' }, { op: 'ready', s: 2, count: 0 });
  expect(alerts.snapshot()).toMatchObject({ status: 'live', error: null });
  expect(vehicles.snapshot()).toMatchObject({ status: 'live', error: null });
});

describe('other topics', () => {
  it('keep the trips under way, the unread notices and the totals of a cadet', async () => {
    const { live } = fake;
    const [trips, notices, cadet, events] = [live.trips(), live.notices(), live.cadet(5), live.events()];
    for (const topic of [trips, notices, cadet, events]) topic.subscribe(() => undefined);
    await frame();
    expect(fake.sent()).toEqual([
      { op: 'sub', s: 1, to: 'trips' },
      { op: 'sub', s: 2, to: 'notices' },
      { op: 'sub', s: 3, to: 'cadet', id: 5 },
      { op: 'sub', s: 4, to: 'events' },
    ]);
    const ready = (s: number) => ({ op: 'ready', s, complete: true, cursor: 'f.0' });
    await fake.hear({ op: 'items', s: 1, items: [{ id: 't1', status: 'started' }] });
    await fake.hear({
      op: 'items',
      s: 2,
      items: [
        { id: 1, sender_id: null },
        { id: 1, type: 'info' },
      ],
    });
    await fake.hear({ op: 'items', s: 3, items: [{ id: 5, name: 'C', merit_points: 1, demerit_points: 0 }] });
    await fake.hear(...[1, 2, 3, 4].map(ready));
    await fake.hear(
      fact(1, 'trip.changed', { id: 't1', status: 'completed' }),
      fact(2, 'trip.changed', { id: 't2', status: 'started', distance: 1 }),
      fact(3, 'message.read', { id: 1, read_at: 'now' }),
      fact(4, 'notification.sent', { id: 2, type: 'info' }),
      fact(5, 'grade.updated', { id: 9, cadet_id: 5, type: 'merit', points: 4, merit_points: 5, demerit_points: 0 }),
      fact(6, 'grade.updated', { id: 10, cadet_id: 6, merit_points: 99 }),
      fact(7, 'sync_event', { event_type: 'x', cadet_id: null, payload: {} }),
      fact(8, 'geofence.crossed', { vehicle_id: 'v' }),
    );
    expect(trips.snapshot().items).toEqual([{ id: 't2', status: 'started', distance: 1 }]);
    expect(notices.snapshot().items).toEqual([
      { id: 2, type: 'info' },
      { id: 1, type: 'info' },
    ]);
    expect(cadet.snapshot().items).toEqual([{ id: 5, name: 'C', merit_points: 5, demerit_points: 0 }]);
    expect(events.snapshot().items).toEqual([]);
    expect([trips, notices, cadet, events].map(({ cursor }) => cursor)).toEqual(['f.2', 'f.4', 'f.5', 'f.8']);
  });
});
