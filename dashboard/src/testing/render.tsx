/** Renders a component as a page does, with a server and a socket that the test controls. */

import { QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, vi } from 'vitest';
import { FakeSocket } from '../../../clients/testing/fake-socket';
import { createQueryClient } from '../lib/api/query-client';

/** The server's answer: JSON, or a function that makes a Response for each request. */
type Answer = object | (() => Response);

/** Answers by method and path, such as `GET /auth/me`. A test may change them while it runs. */
export type Answers = Record<string, Answer>;

beforeEach(() => {
  FakeSocket.made = [];
  vi.stubGlobal('WebSocket', FakeSocket);
  // The longest waits before an attempt, so that a test sees what is shown meanwhile.
  vi.spyOn(Math, 'random').mockReturnValue(0.999);
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

export function renderWith(answers: Answers, page: ReactNode): void {
  vi.stubGlobal('fetch', async (address: string, { method = 'GET' }: RequestInit = {}) => {
    const { pathname } = new URL(address, 'http://host');
    const answer = answers[`${method} ${pathname}`];
    if (answer === undefined) throw new Error(`the test has no answer to ${method} ${pathname}`);
    return typeof answer === 'function' ? answer() : Response.json(answer);
  });
  render(<QueryClientProvider client={createQueryClient()}>{page}</QueryClientProvider>);
}

/** A refusal as the server sends it. */
export function refusal(status: number, detail: string, headers: Record<string, string> = {}): () => Response {
  return () => Response.json({ status, detail }, { status, headers });
}

export const ME = { id: 9, username: 'ada', role: 'client', tenant: 'default', cadetId: null, offlineAfterMs: 600_000 };
export const CONFIG = { tile_url: null, tile_attribution: null, version: '0.1.0' };

const WELCOME = {
  op: 'welcome',
  v: 1,
  epoch: 'e1',
  tenant: 'default',
  role: 'manager',
  expires_in: null,
  beat_s: 15,
  features: [],
  limits: { subscriptions: 64, names: 1_000, message_bytes: 4_096 },
};

/** Messages of the live protocol for each subscription, by what it follows (`to`). */
export type LiveAnswers = Record<string, object[]>;

/** Lets the last socket's connection succeed, and answers its subscriptions. Returns what says something more. */
export async function goLive(answers: LiveAnswers = {}): Promise<(...messages: object[]) => Promise<void>> {
  const socket = FakeSocket.last;
  const hear = (...messages: object[]) =>
    act(async () => {
      for (const message of messages) socket.hear(message);
      await frames();
    });
  await act(async () => {
    socket.onopen?.();
    await frames();
  });
  await hear(WELCOME);
  for (const text of socket.sent) {
    const { op, s, to } = JSON.parse(text) as { op: string; s?: number; to?: string };
    if (op !== 'sub' || to === undefined) continue;
    const ready = { op: 'ready', s, complete: true, cursor: 'c1' };
    const messages = answers[to] ?? [];
    // An answer of its own ends the subscription.
    await hear(...messages.map((message) => ({ ...message, ...('code' in message ? { s } : {}) })));
    if (!messages.some((message) => 'code' in message)) await hear(ready);
  }
  return hear;
}

/** Two frames: what changed is derived in one, and drawn in the next. */
const frames = () => new Promise((done) => setTimeout(done, 50));
