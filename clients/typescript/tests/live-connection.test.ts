import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../../testing/fake-socket.js';
import type { ConnectionState } from '../src/live/index.js';
import { fakeLive, frame, WELCOME } from './fake-live.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const stateOf = (fake: ReturnType<typeof fakeLive>) => fake.live.connection.snapshot();

describe('the states', () => {
  it('says hello once the socket is open and the token is there, in whichever order', async () => {
    for (const isSlow of [false, true]) {
      const token = () => new Promise<string>((done) => setTimeout(() => done('T'), isSlow ? 100 : 0));
      const fake = fakeLive({ token });
      if (!isSlow) await pass(50);
      expect(FakeSocket.last.url).toBe('ws://host/ws');
      FakeSocket.last.onopen?.();
      await pass(200);
      expect(FakeSocket.last.sent).toEqual(['{"op":"hello","v":1,"token":"T"}']);
      expect(stateOf(fake)).toMatchObject({ state: 'greeting', welcome: null });
      await fake.hear(WELCOME);
      expect(stateOf(fake)).toMatchObject({ state: 'live', welcome: { tenant: 'default' }, error: null });
      fake.live.close();
    }
  });

  it('has a deadline in each state that awaits something', async () => {
    const fake = fakeLive();
    await pass(9_900);
    expect(stateOf(fake).state).toBe('opening');
    await pass(200);
    expect(stateOf(fake)).toMatchObject({ state: 'waiting', error: { code: 'timeout' } });
    await pass(500);
    expect(stateOf(fake).state).toBe('opening');
    FakeSocket.last.onopen?.();
    await pass(4_900);
    expect(stateOf(fake).state).toBe('greeting');
    await pass(200);
    expect(stateOf(fake).state).toBe('waiting');
    await pass(1_000);
    expect(stateOf(fake).state).toBe('opening');
  });

  it('goes on after a token function that throws, rejects or never ends', async () => {
    const tokens = [
      () => {
        throw new Error('no network');
      },
      () => Promise.reject(new Error('no network')),
      () => new Promise<string>(() => undefined),
      () => 'T4',
    ];
    const fake = fakeLive({ token: () => tokens.shift()?.() });
    await frame();
    expect(stateOf(fake)).toMatchObject({ state: 'waiting', error: { code: 'token_source', message: 'no network' } });
    await pass(600);
    await pass(1_100);
    FakeSocket.last.onopen?.();
    await pass(10_000);
    expect(stateOf(fake)).toMatchObject({ state: 'waiting', error: { code: 'timeout' } });
    await pass(2_100);
    await fake.welcome();
    expect(FakeSocket.last.sent[0]).toContain('T4');
    expect(stateOf(fake).state).toBe('live');
  });

  it('is refused without a WebSocket', async () => {
    const fake = fakeLive({}, { webSocket: undefined });
    await frame();
    expect(stateOf(fake)).toMatchObject({ state: 'refused', error: { code: 'socket' } });
  });

  it('tells that it is lost after five seconds without a connection, and no more once there is one', async () => {
    const fake = fakeLive();
    await fake.welcome();
    FakeSocket.last.end(1006);
    await pass(4_000);
    expect(stateOf(fake).isLost).toBe(false);
    await pass(1_200);
    expect(stateOf(fake).isLost).toBe(true);
    await pass(30_000);
    expect(stateOf(fake).isLost).toBe(true);
    if (stateOf(fake).state !== 'opening') await pass(30_000);
    await fake.welcome();
    expect(stateOf(fake)).toMatchObject({ state: 'live', isLost: false });
  });
});

describe('a dead connection', () => {
  it('is found within ten seconds after the last message', async () => {
    for (let quietAtMs = 0; quietAtMs < 7_000; quietAtMs += 700) {
      const fake = fakeLive();
      await fake.welcome();
      const socket = FakeSocket.last;
      await pass(quietAtMs);
      socket.hear({ op: 'mark', t: 1 });
      let deadAfterMs = 0;
      while (stateOf(fake).state === 'live') {
        await pass(100);
        deadAfterMs += 100;
      }
      expect(deadAfterMs).toBeGreaterThan(6_000);
      expect(deadAfterMs).toBeLessThanOrEqual(10_100);
      expect(socket.closedWith).toBe(1000);
      fake.live.close();
    }
  });

  it('is kept while anything comes', async () => {
    const fake = fakeLive();
    await fake.welcome();
    for (let round = 0; round < 10; round += 1) {
      await pass(6_000);
      FakeSocket.last.hear({ op: 'mark', t: round });
    }
    expect(stateOf(fake).state).toBe('live');
    expect(FakeSocket.made).toHaveLength(1);
  });

  it('is found two seconds after the page comes back, and a living one is kept', async () => {
    for (const signal of ['show', 'online'] as const) {
      const fake = fakeLive();
      await fake.welcome();
      await pass(1_000);
      fake.signal(signal);
      expect(FakeSocket.last.sent.at(-1)).toBe('{"op":"ping"}');
      FakeSocket.last.hear({ op: 'pong', t: 1 });
      await pass(2_100);
      expect(stateOf(fake).state).toBe('live');
      fake.signal(signal);
      await pass(2_100);
      expect(stateOf(fake).state).toBe('waiting');
      fake.live.close();
    }
  });

  it('is asked less often in the background', async () => {
    const fake = fakeLive();
    await fake.welcome();
    fake.signal('hide');
    await pass(4_000); // the tick that ran already
    FakeSocket.last.hear({ op: 'mark', t: 1 });
    const before = FakeSocket.last.sent.length;
    await pass(20_000);
    expect(FakeSocket.last.sent).toHaveLength(before);
    await pass(26_000);
    expect(stateOf(fake).state).not.toBe('live');
  });

  it('is given up when the page freezes, and made again when it shows', async () => {
    const fake = fakeLive();
    await fake.welcome();
    fake.signal('freeze');
    await frame();
    expect(stateOf(fake).state).toBe('idle');
    expect(FakeSocket.last.closedWith).toBe(1000);
    await pass(3_600_000);
    expect(FakeSocket.made).toHaveLength(1);
    fake.signal('show');
    await fake.welcome();
    expect(stateOf(fake).state).toBe('live');
  });
});

describe('coming back', () => {
  it('is told by bye, at a random time between its two', async () => {
    const fake = fakeLive({}, { random: () => 0.25 });
    await fake.welcome();
    FakeSocket.last.hear({ op: 'bye', why: 'restart', message: 'm', retry_ms: [1_000, 9_000] });
    await pass(2_900);
    expect(FakeSocket.made).toHaveLength(1);
    await pass(200);
    expect(FakeSocket.made).toHaveLength(2);
  });

  it('does not come before the advised time when the page shows, and at once otherwise', async () => {
    const fake = fakeLive();
    await fake.welcome();
    FakeSocket.last.hear({ op: 'bye', why: 'busy', message: 'm', retry_ms: [30_000, 60_000] });
    fake.signal('show');
    expect(FakeSocket.made).toHaveLength(1);
    await pass(60_100);
    expect(FakeSocket.made).toHaveLength(2);
    FakeSocket.last.end(1006);
    fake.signal('show');
    expect(FakeSocket.made).toHaveLength(3);
  });

  it.each([
    [4000, 'refused'],
    [4001, 'refused'], // the token is constant
    [4003, 'refused'],
    [1009, 'refused'],
    [4100, 'waiting'],
    [1008, 'waiting'],
    [1012, 'waiting'],
    [1013, 'waiting'],
    [1006, 'waiting'],
    [1000, 'waiting'],
    [4242, 'waiting'],
  ] as const)('after a close with %i alone it is %s', async (code, expected) => {
    const fake = fakeLive({ token: 'constant' });
    await fake.welcome();
    FakeSocket.last.end(code);
    await frame();
    expect(stateOf(fake).state).toBe(expected satisfies ConnectionState);
  });

  it('asks for another token after a refused one, and ends only if it gets the same', async () => {
    const asked: (string | undefined)[] = [];
    const tokens = ['T1', 'T2', 'T2'];
    const fake = fakeLive({
      token: (refused) => {
        asked.push(refused);
        return tokens.shift();
      },
    });
    const refuse = async () => {
      FakeSocket.last.onopen?.();
      await pass(0);
      await fake.hear({ op: 'bye', why: 'token', message: 'token expired', retry_ms: null });
      await pass(2_000);
    };
    await refuse();
    expect(stateOf(fake).state).toBe('opening');
    await refuse();
    expect(asked).toEqual([undefined, 'T1', 'T2']);
    expect(stateOf(fake)).toMatchObject({ state: 'refused', isLost: true, error: { code: 'token' } });
    await pass(3_600_000);
    tokens.push('T3');
    fake.live.reconnect();
    await fake.welcome();
    expect(stateOf(fake).state).toBe('live');
  });

  it('backs off, and begins anew only after a connection that lasted', async () => {
    const fake = fakeLive();
    const waits: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      if (round % 2 === 0) await fake.welcome();
      FakeSocket.last.end(1006);
      await frame();
      const waitMs = (stateOf(fake).retryAtMs ?? 0) - Date.now() + 20;
      waits.push(waitMs);
      await pass(waitMs);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    await fake.welcome();
    for (let second = 0; second < 11; second += 1) {
      await pass(1_000);
      FakeSocket.last.hear({ op: 'mark', t: 1 });
    }
    FakeSocket.last.end(1006);
    await frame();
    expect((stateOf(fake).retryAtMs ?? 0) - Date.now() + 20).toBe(500);
  });

  it('begins anew after a message that is not as described', async () => {
    const fake = fakeLive();
    await fake.welcome();
    await fake.hear({ op: 'vehicles', v: 7 });
    expect(stateOf(fake)).toMatchObject({ state: 'waiting', error: { code: 'malformed' } });
  });

  it('passes over what it does not know', async () => {
    const fake = fakeLive();
    await fake.welcome();
    await fake.hear({ op: 'dance', v: 7 }, { op: 'ended', s: 99 }, { op: 'ready', s: 12 }, { op: 'ok', re: 5 }, [7]);
    FakeSocket.last.hear('nonsense');
    FakeSocket.last.onmessage?.({ data: new ArrayBuffer(8) });
    await frame();
    expect(stateOf(fake).state).toBe('live');
  });
});

describe('a token that expires', () => {
  it('is renewed over the connection, again and again', async () => {
    let made = 0;
    const fake = fakeLive({ token: async () => `T${++made}` });
    await fake.welcome({ expires_in: 900 });
    for (let round = 2; round < 5; round += 1) {
      for (let second = 0; second < 850 && fake.sent().length < round - 1; second += 5) {
        await pass(5_000);
        FakeSocket.last.hear({ op: 'mark', t: 1 });
      }
      const auth = fake.sent().at(-1);
      expect(auth).toMatchObject({ op: 'auth', token: `T${round}` });
      await fake.hear({ op: 'ok', re: auth?.id, expires_in: 900 });
    }
    expect(FakeSocket.made).toHaveLength(1);
    expect(fake.sent()).toHaveLength(3);
  });

  it('is tried again after a refusal and after a token source that fails', async () => {
    const tokens = ['T1', new Error('no network'), 'T2', 'T3'];
    const token = async () => {
      const next = tokens.shift();
      if (next instanceof Error) throw next;
      return next;
    };
    const fake = fakeLive({ token });
    await fake.welcome({ expires_in: 900 });
    const until = async (sent: number) => {
      for (let second = 0; second < 900 && fake.sent().length < sent; second += 1) {
        await pass(1_000);
        FakeSocket.last.hear({ op: 'mark', t: 1 });
      }
      return fake.sent().at(-1);
    };
    const refused = await until(1);
    expect(refused).toMatchObject({ op: 'auth', token: 'T2' });
    await fake.hear({ op: 'error', re: refused?.id, code: 'unavailable', message: 'm', retry_ms: 2_000 });
    expect(await until(2)).toMatchObject({ op: 'auth', token: 'T3' });
    expect(stateOf(fake).state).toBe('live');
  });

  it('that is constant, or does not expire, is left alone', async () => {
    const fake = fakeLive({ token: 'T' });
    await fake.welcome({ expires_in: 1 });
    const other = fakeLive({ token: () => 'T' });
    await other.welcome({ expires_in: null });
    await pass(5_000);
    expect(other.sent()).toEqual([]);
    expect(fake.sent()).toEqual([]);
  });
});

/** Small, seeded, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

it('after any events it has one socket at most, a deadline, and becomes live once the server answers', async () => {
  const reached = new Set<ConnectionState>();
  for (let seed = 1; seed <= 150; seed += 1) {
    const random = randomOf(seed);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
    let token = 0;
    const fake = fakeLive({ token: async () => `T${++token}` }, { random });
    const events: (() => unknown)[] = [
      () => FakeSocket.last.onopen?.(),
      () => FakeSocket.last.hear(WELCOME),
      () => FakeSocket.last.hear({ op: 'mark', t: 1 }),
      () => FakeSocket.last.hear({ op: 'bye', why: 'restart', message: '', retry_ms: [100, 900] }),
      () => FakeSocket.last.hear({ op: 'bye', why: 'token', message: '', retry_ms: null }),
      () => FakeSocket.last.end(pick([1000, 1006, 1012, 4001, 4100])),
      () => pick(FakeSocket.made).onclose?.({ code: 1006, reason: '' }), // of an older one too
      () => pick(FakeSocket.made).onopen?.(),
      () => fake.signal(pick(['show', 'hide', 'online', 'offline', 'freeze'])),
      () => fake.live.reconnect(),
      () => pass(random() * 12_000),
    ];
    for (let step = 0; step < 40; step += 1) {
      await pick(events)();
      await pass(random() * 50);
      const { state } = stateOf(fake);
      reached.add(state);
      const open = FakeSocket.made.filter(({ closedWith, onclose }) => closedWith === null && onclose);
      const needsSocket = ['opening', 'greeting', 'live'].includes(state);
      expect(open.length, `seed ${seed}, step ${step}: ${state}`).toBeLessThanOrEqual(1);
      if (needsSocket || state === 'waiting') expect(vi.getTimerCount()).toBeGreaterThan(0);
    }
    fake.signal('show');
    for (let second = 0; second < 120 && stateOf(fake).state !== 'live'; second += 1) {
      await fake.welcome();
      await pass(1_000);
    }
    expect(stateOf(fake).state, `seed ${seed}`).toBe('live');
    fake.live.close();
    await pass(100);
    expect(vi.getTimerCount(), `seed ${seed}: nothing is left after close`).toBe(0);
  }
  expect([...reached].sort()).toEqual(['greeting', 'idle', 'live', 'opening', 'waiting']);
});
