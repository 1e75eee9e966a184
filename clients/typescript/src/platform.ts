/** What the client needs of its surroundings; tests pass their own. */

/** The part of a WebSocket that is used. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** The browser's `WebSocket`, or that of the `ws` package where there is none. */
export type WebSocketClass = new (url: string) => object;

export interface Platform {
  webSocket: WebSocketClass | undefined;
  nowMs: () => number;
  random: () => number;
  setTimer: (run: () => void, delayMs: number) => unknown;
  clearTimer: (timer: unknown) => void;
  /** Tells `online` and `offline`: a page's window. */
  network: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined;
}

export function platformOf(given: Partial<Platform> = {}): Platform {
  const page = typeof window === 'undefined' ? undefined : window;
  return {
    webSocket: globalThis.WebSocket,
    nowMs: () => Date.now(),
    random: Math.random,
    setTimer: (run, delayMs) => setTimeout(run, delayMs),
    clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    network: page,
    ...given,
  };
}
