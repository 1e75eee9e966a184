import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket, fakePlatform } from '../../testing/fake-socket.js';
import { BusClient } from '../src/bus.js';
import type { TrackingError } from '../src/errors.js';
import { ParcelClient } from '../src/parcel.js';
import type { Platform } from '../src/platform.js';

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('location', new URL('https://page'));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** The answer of `fetch` for each path. A path without an entry can't be reached. */
type Answers = Record<string, number | 'unreadable'>;

/** A page's `fetch`: an answer from another origin can't be read unless the server allows it. */
function fetchOf(answers: Answers): NonNullable<Platform['fetch']> {
  return async (url, { mode }) => {
    const answer = answers[new URL(url).pathname];
    if (answer === undefined || (answer === 'unreadable' && mode !== 'no-cors')) throw new TypeError('Failed to fetch');
    return { status: answer === 'unreadable' ? 0 : answer };
  };
}

async function failHandshake(): Promise<void> {
  FakeSocket.last.end(1006);
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

function start(Client: typeof BusClient | typeof ParcelClient, answers: Answers) {
  const errors: TrackingError[] = [];
  const client = new Client({
    parcelId: 12,
    serverUrl: 'https://host',
    onError: (error: TrackingError) => errors.push(error),
    platform: { ...fakePlatform(), fetch: fetchOf(answers) },
  });
  client.connect();
  return { client, errors };
}

describe('a handshake that fails', () => {
  it('because of the origin is reported once, with the setting to change, and tried again', async () => {
    const { client, errors } = start(ParcelClient, { '/auth/me': 'unreadable', '/health': 'unreadable' });
    await failHandshake();
    vi.advanceTimersByTime(500);
    await failHandshake();
    expect(errors).toMatchObject([{ kind: 'handshake', message: expect.stringContaining('ALLOWED_ORIGINS') }]);
    expect(client.connectionState).toBe('disconnected');
    expect(client.retryAtMs).not.toBeNull();
  });

  it('for another reason is reported too', async () => {
    const { errors } = start(BusClient, { '/auth/me': 200 });
    await failHandshake();
    expect(errors).toMatchObject([{ kind: 'handshake', message: expect.stringContaining('too many connections') }]);
  });

  it('because the session has ended is a refusal, with no further attempt', async () => {
    const { client, errors } = start(BusClient, { '/auth/me': 401 });
    await failHandshake();
    expect(errors).toMatchObject([{ kind: 'refused', closeCode: null }]);
    expect(client.connectionState).toBe('error');
    vi.advanceTimersByTime(120_000);
    expect(FakeSocket.made).toHaveLength(1);
  });

  it('is a refusal too when the session ended while the connection was away', async () => {
    const answers: Answers = { '/auth/me': 200 };
    const { client, errors } = start(BusClient, answers);
    FakeSocket.last.onopen?.();
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    answers['/auth/me'] = 401;
    await failHandshake();
    expect(client.connectionState).toBe('error');
    expect(errors).toMatchObject([{ kind: 'refused' }]);
  });

  it.each([
    ['cannot be reached', {}],
    ['is starting', { '/auth/me': 503 }],
  ])('while the server %s is no error', async (_, answers: Answers) => {
    const { client, errors } = start(BusClient, answers);
    await failHandshake();
    expect(errors).toEqual([]);
    expect(client.retryAtMs).not.toBeNull();
  });

  it('after a first connection is not an error, because the server may come back', async () => {
    const { errors } = start(ParcelClient, { '/auth/me': 200 });
    FakeSocket.last.onopen?.();
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    await failHandshake();
    expect(errors).toEqual([]);
  });
});
