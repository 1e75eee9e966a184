/** Renders a component as a page does, with a server and a socket that the test controls. */

import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render } from '@testing-library/react';
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
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
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

export const ME = { id: 9, username: 'ada', role: 'client', tenant: 'default', cadetId: null };
export const CONFIG = { tile_url: null, tile_attribution: null, version: '0.1.0' };
