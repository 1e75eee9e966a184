import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket, fakePlatform } from '../../testing/fake-socket.js';
import type { TrackingError } from '../src/errors.js';
import {
  type ConnectionState,
  HANDSHAKE_LIMIT_MS,
  PING_EVERY_MS,
  PONG_LIMIT_MS,
  STABLE_AFTER_MS,
  TrackingSocket,
} from '../src/socket.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start(options: { ping?: string; random?: number } = {}) {
  const platform = fakePlatform(options.random);
  const seen = { states: [] as ConnectionState[], errors: [] as TrackingError[], messages: [] as string[] };
  const socket = new TrackingSocket<string>({
    address: () => 'ws://server/path',
    parse: (text) => {
      if (text === 'bad') throw new TypeError('it is bad');
      return text === 'unknown' ? null : text;
    },
    onMessage: (message) => seen.messages.push(message),
    onState: (state) => seen.states.push(state),
    onError: (error) => seen.errors.push(error),
    ...(options.ping === undefined ? {} : { ping: options.ping }),
    platform,
  });
  socket.connect();
  return { socket, seen, network: platform.network, page: platform.page };
}

/** Advances the timers until the next socket is made. Returns the time that passed. */
function waitedMs(): number {
  const before = FakeSocket.made.length;
  const startedMs = Date.now();
  while (FakeSocket.made.length === before) vi.advanceTimersToNextTimer();
  return Date.now() - startedMs;
}

describe('coming back', () => {
  it('waits twice as long after each failure, up to 30 s', () => {
    start();
    const waits = Array.from({ length: 8 }, () => {
      FakeSocket.last.end(1006);
      return waitedMs();
    });
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('spreads the delays with full jitter', () => {
    start({ random: 0.25 });
    FakeSocket.last.end(1006);
    expect(waitedMs()).toBe(125);
  });

  it('resets the backoff only after a connection that lasted', () => {
    start();
    FakeSocket.last.end(1006);
    waitedMs();
    FakeSocket.last.onopen?.();
    vi.advanceTimersByTime(STABLE_AFTER_MS - 1);
    FakeSocket.last.end(1006);
    expect(waitedMs()).toBe(1_000);
    FakeSocket.last.onopen?.();
    vi.advanceTimersByTime(STABLE_AFTER_MS);
    FakeSocket.last.end(1006);
    expect(waitedMs()).toBe(500);
  });

  it('obeys the advice of a server that restarts', () => {
    const { socket } = start();
    FakeSocket.last.onopen?.();
    FakeSocket.last.end(1012, 'restarting; reconnect in 3.2s');
    expect(socket.retryAtMs).toBe(Date.now() + 3_200);
    expect(waitedMs()).toBe(3_200);
  });

  it('obeys advice for much later, so that a large crowd stays spread', () => {
    start();
    FakeSocket.last.onopen?.();
    FakeSocket.last.end(1012, 'restarting; reconnect in 90.0s');
    expect(waitedMs()).toBe(90_000);
  });

  it('gives up a handshake without an answer', () => {
    const { seen } = start();
    vi.advanceTimersByTime(HANDSHAKE_LIMIT_MS);
    expect(FakeSocket.last.closedWith).toBe(1000);
    expect(seen.states).toEqual(['connecting', 'disconnected']);
    expect(waitedMs()).toBe(500);
  });

  it('drops the connection when the network goes, and reconnects at once when it is back', () => {
    const { seen, network } = start();
    FakeSocket.last.onopen?.();
    network.dispatchEvent(new Event('offline'));
    expect(seen.states.at(-1)).toBe('disconnected');
    network.dispatchEvent(new Event('online'));
    expect(seen.states.at(-1)).toBe('connecting');
    expect(FakeSocket.made).toHaveLength(2);
  });

  it('tries at once when the reader comes back to the page, but only if an attempt is planned', () => {
    const { page } = start();
    page.show('visible');
    expect(FakeSocket.made).toHaveLength(1);
    FakeSocket.last.end(1006);
    page.show('hidden');
    expect(FakeSocket.made).toHaveLength(1);
    page.show('visible');
    expect(FakeSocket.made).toHaveLength(2);
  });
});

describe('staying away', () => {
  it.each([1008, 4001, 4003, 4004, 4400])('does not come back after %i, which is an error', (code) => {
    const { seen, network } = start();
    FakeSocket.last.onopen?.();
    FakeSocket.last.end(code, 'no');
    network.dispatchEvent(new Event('online'));
    vi.advanceTimersByTime(120_000);
    expect(FakeSocket.made).toHaveLength(1);
    expect(seen.states).toEqual(['connecting', 'connected', 'error']);
    expect(seen.errors).toMatchObject([{ kind: 'refused', closeCode: code, message: 'no' }]);
  });

  it('does not reconnect when the server has ended the connection', () => {
    const { seen } = start();
    FakeSocket.last.onopen?.();
    FakeSocket.last.end(1000);
    vi.advanceTimersByTime(120_000);
    expect(FakeSocket.made).toHaveLength(1);
    expect(seen.states.at(-1)).toBe('disconnected');
    expect(seen.errors).toEqual([]);
  });

  it.each([1001, 1006, 1011, 1012, 1013, 4000])('comes back after %i', (code) => {
    start();
    FakeSocket.last.onopen?.();
    FakeSocket.last.end(code);
    expect(waitedMs()).toBe(500);
  });

  it('does not reconnect after disconnect, even if events come late', () => {
    const { socket, seen, network, page } = start();
    FakeSocket.last.onopen?.();
    socket.disconnect();
    FakeSocket.last.hear('late');
    FakeSocket.last.end(1006);
    network.dispatchEvent(new Event('online'));
    page.show('visible');
    vi.advanceTimersByTime(120_000);
    expect(FakeSocket.made).toHaveLength(1);
    expect(FakeSocket.last.closedWith).toBe(1000);
    expect(seen.states).toEqual(['connecting', 'connected', 'disconnected']);
    expect(seen.messages).toEqual([]);
  });

  it('ends a planned attempt on disconnect', () => {
    const { socket } = start();
    FakeSocket.last.end(1006);
    socket.disconnect();
    vi.advanceTimersByTime(120_000);
    expect(FakeSocket.made).toHaveLength(1);
    expect(socket.retryAtMs).toBeNull();
  });

  it('tries again after an error when it is asked to', () => {
    const { socket } = start();
    FakeSocket.last.end(4001);
    socket.connect();
    expect(FakeSocket.made).toHaveLength(2);
    expect(socket.state).toBe('connecting');
  });
});

describe('the heartbeat', () => {
  it('pings a silent connection, and drops it when nothing comes', () => {
    const { seen } = start({ ping: 'ping' });
    FakeSocket.last.onopen?.();
    vi.advanceTimersByTime(PING_EVERY_MS);
    expect(FakeSocket.last.sent).toEqual(['ping']);
    expect(seen.states.at(-1)).toBe('connected');
    vi.advanceTimersByTime(PONG_LIMIT_MS);
    expect(seen.states.at(-1)).toBe('disconnected');
    expect(waitedMs()).toBe(500);
  });

  it('takes any message as a sign of life', () => {
    const { seen } = start({ ping: 'ping' });
    FakeSocket.last.onopen?.();
    for (let round = 0; round < 5; round++) {
      vi.advanceTimersByTime(PING_EVERY_MS);
      FakeSocket.last.hear('unknown');
    }
    expect(FakeSocket.last.sent).toHaveLength(5);
    expect(seen.states.at(-1)).toBe('connected');
  });
});

describe('frames', () => {
  it('reports invalid messages and goes on', () => {
    const { seen } = start();
    FakeSocket.last.onopen?.();
    FakeSocket.last.hear('bad');
    FakeSocket.last.onmessage?.({ data: new ArrayBuffer(2) });
    FakeSocket.last.hear('unknown');
    FakeSocket.last.hear('good');
    expect(seen.errors.map((error) => [error.kind, error.message])).toEqual([
      ['frame', 'it is bad'],
      ['frame', 'a binary frame came'],
    ]);
    expect(seen.messages).toEqual(['good']);
    expect(seen.states.at(-1)).toBe('connected');
  });

  it('turns a socket that cannot be made into an error', () => {
    const errors: TrackingError[] = [];
    const socket = new TrackingSocket<string>({
      address: () => {
        throw new TypeError('no such address');
      },
      parse: () => null,
      onMessage: () => undefined,
      onState: () => undefined,
      onError: (error) => errors.push(error),
      platform: fakePlatform(),
    });
    socket.connect();
    expect(socket.state).toBe('error');
    expect(errors).toMatchObject([{ kind: 'socket', message: 'no such address' }]);
  });
});
