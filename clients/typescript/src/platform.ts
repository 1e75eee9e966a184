/** The parts of a browser that the client uses. Tests pass their own. */

/** The used part of a WebSocket. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** The browser's `WebSocket`, or the one of the `ws` package. */
export type WebSocketClass = new (url: string) => object;

type Events = Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;

export interface Platform {
  webSocket: WebSocketClass | undefined;
  /** Used only after a failed handshake, to find out the reason. */
  fetch: ((url: string, init: RequestInit) => Promise<{ status: number }>) | undefined;
  nowMs: () => number;
  random: () => number;
  setTimer: (run: () => void, delayMs: number) => unknown;
  clearTimer: (timer: unknown) => void;
  /** Where `online` and `offline` events come from: a page's window. */
  network: Events | undefined;
  /** Where `visibilitychange` events come from: a page's document. */
  page: (Events & { readonly visibilityState: string }) | undefined;
}

export function platformOf(given: Partial<Platform> = {}): Platform {
  return {
    webSocket: globalThis.WebSocket,
    fetch: globalThis.fetch?.bind(globalThis),
    nowMs: () => Date.now(),
    random: Math.random,
    setTimer: (run, delayMs) => setTimeout(run, delayMs),
    clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    network: typeof window === 'undefined' ? undefined : window,
    page: typeof document === 'undefined' ? undefined : document,
    ...given,
  };
}
