/** A WebSocket that a test controls. */

import type { Platform } from '../typescript/src/platform.js';

export class FakeSocket {
  static made: FakeSocket[] = [];
  static get last(): FakeSocket {
    const last = FakeSocket.made.at(-1);
    if (!last) throw new Error('no socket was made');
    return last;
  }

  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  sent: string[] = [];
  closedWith: number | null = null;

  constructor(readonly url: string) {
    FakeSocket.made.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(code = 1005): void {
    this.closedWith = code;
  }

  hear(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  end(code: number, reason = ''): void {
    this.onclose?.({ code, reason });
  }
}

export class FakePage extends EventTarget {
  visibilityState = 'visible';

  show(visibilityState: 'visible' | 'hidden'): void {
    this.visibilityState = visibilityState;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

/** A platform with full delays (random is 1), the test's timers, no HTTP, and a network and a page that the test switches. */
export function fakePlatform(random = 1) {
  FakeSocket.made = [];
  return {
    webSocket: FakeSocket,
    fetch: undefined,
    random: () => random,
    network: new EventTarget(),
    page: new FakePage(),
  } satisfies Partial<Platform>;
}
