import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../../testing/fake-socket.js';
import { type Fix, openQueue, type Queue, type QueueOptions } from '../src/live/queue/index.js';
import { type FakeLive, fakeLive, WELCOME } from './fake-live.js';

/** Real timers: IndexedDB has its own. */
const until = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

const open: (Queue | FakeLive['live'])[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
  vi.unstubAllGlobals();
});

let queues = 0;
/** A live connection, and a queue over it. */
async function opened(options: QueueOptions = {}, name = `q${++queues}`) {
  const { live } = fakeLive();
  const socket = FakeSocket.last;
  const queue = openQueue(live, { name, ...options });
  open.push(queue, live);
  const reports = () =>
    socket.sent
      .map((text) => JSON.parse(text) as { op: string; id: number; positions: Fix[] })
      .filter(({ op }) => op === 'report');
  const connect = async () => {
    socket.onopen?.();
    await until(() => expect(socket.sent[0]).toContain('hello'));
    socket.hear(WELCOME);
  };
  const answer = async (count: number, more: object = { op: 'ok', accepted: 1, duplicates: 0, rejected: [] }) => {
    await until(() => expect(reports()).toHaveLength(count));
    socket.hear({ ...more, re: reports().at(-1)?.id });
  };
  return { live, queue, name, reports, connect, answer, socket };
}
const fix = (number: number): Fix => ({
  vehicle_id: 'v',
  latitude: number,
  longitude: 0,
  timestamp: `2026-01-01T00:00:0${number}Z`,
});
const numbersOf = (reports: { positions: Fix[] }[]) =>
  reports.map(({ positions }) => positions.map(({ latitude }) => latitude));

describe('the queue of fixes', () => {
  it('sends in order once there is a connection, and deletes on the answer', async () => {
    const { queue, reports, connect, answer } = await opened();
    const stored = [1, 2, 3].map((number) => queue.report(fix(number)));
    await until(() => expect(queue.snapshot()).toMatchObject({ waiting: 3, isKept: true }));
    expect(reports()).toEqual([]);
    await connect();
    await answer(1);
    expect(await Promise.all(stored)).toEqual([true, true, true]);
    expect(numbersOf(reports())).toEqual([[1, 2, 3]]);
    await until(() => expect(queue.snapshot()).toMatchObject({ waiting: 0, error: null }));
    void queue.report(fix(4));
    await answer(2);
    expect(numbersOf(reports())).toEqual([[1, 2, 3], [4]]);
  });

  it('sends again what was not answered, also in the next program', async () => {
    const first = await opened();
    await first.connect();
    const lost = first.queue.report(fix(1));
    await until(() => expect(first.reports()).toHaveLength(1));
    first.queue.close();
    first.live.close();
    const second = await opened({}, first.name);
    await second.connect();
    void second.queue.report(fix(2));
    await until(() => expect(second.reports()).not.toEqual([]));
    expect(second.reports()[0]?.positions[0]).toEqual(fix(1));
    void lost;
  });

  it('sends with a request of its own one by one, and waits while there is none', async () => {
    let parcel: number | null = null;
    const { queue, socket, connect } = await opened({
      request: ({ latitude }) => (parcel === null ? null : { op: 'status', parcel, lat: latitude }),
    });
    const stored = [1, 2].map((number) => queue.report(fix(number)));
    await connect();
    const sent = () => socket.sent.map((text) => JSON.parse(text)).filter(({ op }) => op === 'status');
    await until(() => expect(queue.snapshot()).toMatchObject({ waiting: 2 }));
    expect(sent()).toEqual([]);
    parcel = 7;
    await until(() => expect(sent()).toHaveLength(1));
    expect(sent()[0]).toMatchObject({ parcel: 7, lat: 1 });
    socket.hear({ op: 'ok', re: sent()[0].id });
    await until(() => expect(sent()).toHaveLength(2));
    socket.hear({ op: 'ok', re: sent()[1].id });
    expect(await Promise.all(stored)).toEqual([true, true]);
  });

  it('goes on without the fixes that are refused, and tells of them', async () => {
    const refused: [number, string][] = [];
    const { queue, reports, connect, answer } = await opened({
      onRefused: ({ latitude }, detail) => refused.push([latitude, detail]),
    });
    const stored = [1, 2, 3].map((number) => queue.report(fix(number)));
    await until(() => expect(queue.snapshot().waiting).toBe(3));
    await connect();
    await answer(1, { op: 'error', code: 'invalid', message: 'one is bad', retry_ms: null });
    await answer(2, { op: 'error', code: 'invalid', message: 'latitude', retry_ms: null });
    await answer(3, { op: 'ok', rejected: [] });
    await answer(4, { op: 'ok', rejected: [{ index: 0, detail: 'too old' }] });
    expect(await Promise.all(stored)).toEqual([false, true, false]);
    expect(numbersOf(reports())).toEqual([[1, 2, 3], [1], [2], [3]]);
    expect(refused).toEqual([
      [1, 'latitude'],
      [3, 'too old'],
    ]);
  });

  it('keeps what can not be stored now, and tries again', async () => {
    const { queue, reports, connect, answer } = await opened();
    await connect();
    const stored = queue.report(fix(1));
    await answer(1, { op: 'error', code: 'unavailable', message: 'disk', retry_ms: 20 });
    await until(() => expect(queue.snapshot()).toMatchObject({ waiting: 1, error: { code: 'unavailable' } }));
    await answer(2);
    expect(await stored).toBe(true);
    expect(numbersOf(reports())).toEqual([[1], [1]]);
  });

  it('sends no more at once than a message may hold', async () => {
    const { queue, reports, connect, answer } = await opened();
    for (let number = 1; number <= 60; number += 1) void queue.report({ ...fix(1), latitude: number });
    await until(() => expect(queue.snapshot().waiting).toBe(60));
    await connect();
    for (let count = 1; queue.snapshot().waiting > 0 && count < 9; count += 1) {
      await answer(count);
      await until(() => expect(reports().length > count || queue.snapshot().waiting === 0).toBe(true));
    }
    expect(numbersOf(reports()).flat()).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    expect(Math.max(...reports().map((report) => JSON.stringify(report).length))).toBeLessThan(4_096);
  });

  it('drops the oldest when it is full, and works in memory where IndexedDB is refused', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const dropped: number[] = [];
    const { queue, reports, connect } = await opened({
      maxFixes: 2,
      onRefused: ({ latitude }) => dropped.push(latitude),
    });
    const stored = queue.report(fix(1));
    for (const number of [2, 3, 4]) void queue.report(fix(number));
    expect(await stored).toBe(false);
    await until(() => expect(dropped).toEqual([1, 2]));
    expect(queue.snapshot().isKept).toBe(false);
    await connect();
    await until(() => expect(numbersOf(reports())).toEqual([[3, 4]]));
  });

  it('has one sender of several pages, and another one once that page is gone', async () => {
    const waiting: (() => void)[] = [];
    let isHeld = false;
    // Web Locks, which Node 20 has not.
    const request = async (_name: string, _options: object, run: () => Promise<void>) => {
      if (isHeld) await new Promise<void>((resolve) => waiting.push(resolve));
      isHeld = true;
      await run();
      isHeld = false;
      waiting.shift()?.();
    };
    vi.stubGlobal('navigator', { locks: { request } });
    const first = await opened();
    await first.connect();
    const second = await opened({}, first.name);
    await second.connect();
    const stored = second.queue.report(fix(1));
    await first.answer(1);
    expect(await stored).toBe(true);
    expect(second.reports()).toEqual([]);
    await until(() => expect(second.queue.snapshot().waiting).toBe(0));
    first.queue.close();
    void second.queue.report(fix(2));
    await until(() => expect(numbersOf(second.reports())).toEqual([[2]]));
    expect(first.reports()).toHaveLength(1);
  });
});
