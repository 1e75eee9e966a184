import { describe, expect, it, vi } from 'vitest';
import { Connection, type ConnectionState, HANDSHAKE_LIMIT_MS, type Socket, STABLE_AFTER_MS } from './connection';
import type { ServerMessage } from './wire';

class FakeSocket implements Socket {
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  isClosed = false;
  close() {
    this.isClosed = true;
  }
}

function setUp({ isSessionAlive = true } = {}) {
  const sockets: FakeSocket[] = [];
  const states: ConnectionState[] = [];
  const messages: ServerMessage[] = [];
  const timers = new Map<number, { run: () => void; atMs: number }>();
  const clock = { nowMs: 0, timer: 0 };
  const connection = new Connection({
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    isSessionAlive: () => Promise.resolve(isSessionAlive),
    onMessage: (message) => messages.push(message),
    onState: (state) => states.push(state),
    now: () => clock.nowMs,
    random: () => 1,
    setTimer: (run, delayMs) => {
      timers.set(++clock.timer, { run, atMs: clock.nowMs + delayMs });
      return clock.timer;
    },
    clearTimer: (timer) => timers.delete(timer),
  });
  const advance = (ms: number) => {
    clock.nowMs += ms;
    for (const [id, timer] of [...timers]) if (timer.atMs <= clock.nowMs && timers.delete(id)) timer.run();
  };
  connection.start();
  const latest = () => sockets[sockets.length - 1]!;
  const state = () => states[states.length - 1]!;
  return { connection, sockets, states, messages, timers, advance, latest, state };
}

describe('connection', () => {
  it('is_connecting_until_the_socket_opens_and_then_live', () => {
    const { states, latest } = setUp();
    latest().onopen?.();
    expect(states.map((state) => state.kind)).toEqual(['connecting', 'live']);
  });

  it('waits_longer_after_every_failed_attempt', () => {
    const { advance, latest, state, sockets } = setUp();
    latest().onclose?.({ code: 1006, reason: '' });
    expect(state()).toEqual({ kind: 'offline', retryAtMs: 1_000 });
    advance(999);
    expect(sockets).toHaveLength(1);
    advance(1);
    expect(sockets).toHaveLength(2);
    latest().onclose?.({ code: 1006, reason: '' });
    expect(state()).toEqual({ kind: 'offline', retryAtMs: 3_000 });
  });

  it('comes_back_when_a_restarting_server_advises', () => {
    const { latest, state, advance } = setUp();
    latest().onopen?.();
    latest().onclose?.({ code: 1012, reason: 'reconnect in 4 s' });
    expect(state()).toEqual({ kind: 'offline', retryAtMs: 4_000 });
    advance(4_000);
    expect(state().kind).toBe('connecting');
  });

  it('starts_from_the_bottom_only_after_a_connection_that_held', () => {
    const { latest, advance, state } = setUp();
    latest().onopen?.();
    latest().onclose?.({ code: 1013, reason: '' });
    advance(1_000);
    latest().onopen?.();
    latest().onclose?.({ code: 1013, reason: '' });
    expect(state()).toEqual({ kind: 'offline', retryAtMs: 1_000 + 2_000 });
    advance(2_000);
    latest().onopen?.();
    advance(STABLE_AFTER_MS);
    latest().onclose?.({ code: 1013, reason: '' });
    expect(state()).toEqual({ kind: 'offline', retryAtMs: 3_000 + STABLE_AFTER_MS + 1_000 });
  });

  it('never_comes_back_after_the_session_ended', () => {
    const { latest, state, timers } = setUp();
    latest().onopen?.();
    latest().onclose?.({ code: 1008, reason: 'session ended' });
    expect(state().kind).toBe('ended');
    expect(timers.size).toBe(0);
  });

  it('ends_when_the_handshake_is_refused_because_the_session_is_gone', async () => {
    const { latest, state, timers } = setUp({ isSessionAlive: false });
    latest().onclose?.({ code: 1006, reason: '' });
    await vi.waitFor(() => expect(state().kind).toBe('ended'));
    expect(timers.size).toBe(0);
  });

  it('gives_up_a_handshake_that_nobody_answers', () => {
    const { latest, state, advance } = setUp();
    const silent = latest();
    advance(HANDSHAKE_LIMIT_MS);
    expect(silent.isClosed).toBe(true);
    expect(state().kind).toBe('offline');
  });

  it('hears_nothing_more_from_a_socket_it_let_go', () => {
    const { latest, state, connection, messages } = setUp();
    const old = latest();
    old.onopen?.();
    const deliver = old.onmessage;
    deliver?.({ data: '{"type":"presence","data":{"viewing":2}}' });
    connection.networkLost();
    expect(old.onmessage).toBeNull();
    expect(state().kind).toBe('offline');
    connection.retryNow();
    expect(state().kind).toBe('connecting');
    expect(messages).toHaveLength(1);
  });
});
