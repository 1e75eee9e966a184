/** A live connection over a fake socket, with the test's timers. */

import { vi } from 'vitest';
import { FakeSocket, fakePlatform } from '../../testing/fake-socket.js';
import {
  connect,
  type Live,
  type LiveOptions,
  type LivePlatform,
  type Signal,
  type Vehicle,
} from '../src/live/index.js';

export const WELCOME = {
  op: 'welcome',
  v: 1,
  epoch: 'e1',
  tenant: 'default',
  role: 'manager',
  expires_in: null as number | null,
  beat_s: 15,
  features: [],
  limits: { subscriptions: 64, names: 1_000, message_bytes: 4_096 },
};

export interface FakeLive {
  live: Live;
  signal: (signal: Signal) => void;
  /** Lets the present attempt succeed. */
  welcome: (more?: Partial<typeof WELCOME>) => Promise<void>;
  /** What the present socket was sent, but for `hello` and pings. */
  sent: () => Record<string, unknown>[];
  /** Messages from the server, and the frame after them. */
  hear: (...messages: object[]) => Promise<void>;
}

export function fakeLive(options: LiveOptions = {}, more: Partial<LivePlatform> = {}): FakeLive {
  let signal: (signal: Signal) => void = () => undefined;
  const { webSocket, fetch, random } = fakePlatform();
  const watch: LivePlatform['watch'] = (given) => {
    signal = given;
    return () => {
      signal = () => undefined;
    };
  };
  const platform = { webSocket, fetch, random, watch, ...more };
  const live = connect({ url: 'http://host', token: 'T', ...options, platform });
  return {
    live,
    signal: (given) => signal(given),
    welcome: async (fields = {}) => {
      FakeSocket.last.onopen?.();
      await vi.advanceTimersByTimeAsync(0);
      FakeSocket.last.hear({ ...WELCOME, ...fields });
      await frame();
    },
    sent: () =>
      FakeSocket.last.sent
        .map((text) => JSON.parse(text) as Record<string, unknown>)
        .filter(({ op }) => op !== 'hello' && op !== 'ping'),
    hear: async (...messages) => {
      for (const message of messages) FakeSocket.last.hear(message);
      await frame();
    },
  };
}

/** Lets a frame pass. */
export async function frame(): Promise<void> {
  await vi.advanceTimersByTimeAsync(20);
}

export function vehicle(id: string, more: Partial<Vehicle> = {}): Vehicle {
  const place = { lat: 1, lon: 2, t: 3 };
  return {
    id,
    kind: 'bus',
    label: id,
    license_plate: null,
    route: '12',
    status: 'active',
    driver_id: null,
    place,
    ...more,
  };
}
