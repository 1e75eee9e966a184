/** Follows over server-sent events where no WebSocket can be had, such as behind a proxy that does not know them. */

import type { WebSocketClass } from '../../platform.js';

/** A socket that has not opened after so long is tried as a stream beside. */
const PATIENCE_MS = 3_000;
/** So long after a stream was opened instead of a socket, no socket is tried first. */
const REMEMBER_MS = 300_000;

/**
 * The `webSocket` of a platform that falls back: `connect({ platform: { webSocket: withFallback() } })`. It tries a WebSocket, and
 * a stream if that does not open while the server answers.
 */
export function withFallback(webSocket: WebSocketClass | undefined = globalThis.WebSocket): WebSocketClass {
  /** Until when the stream is taken at once. */
  let streamUntilMs = 0;

  return class {
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: unknown }) => void) | null = null;
    onclose: ((event: { code: number; reason: string }) => void) | null = null;
    onerror = null;
    private readonly candidates: Candidate[] = [];
    private chosen: Candidate | null = null;
    private readonly timer;

    constructor(url: string) {
      // Loaded when it is needed, which is seldom.
      const load = () => import('./stream-socket.js').then(({ streamSocket }) => streamSocket(url));
      const stream = () =>
        load().then(
          (socket) => this.try(socket as Candidate),
          () => this.onclose?.({ code: 1006, reason: '' }),
        );
      if (!webSocket || Date.now() < streamUntilMs) void stream();
      else {
        this.try(new webSocket(url) as Candidate, () => void stream());
        this.timer = setTimeout(() => void stream(), PATIENCE_MS);
      }
    }

    send(text: string): void {
      this.chosen?.send?.(text);
    }

    close(code?: number): void {
      clearTimeout(this.timer);
      for (const candidate of this.candidates) candidate.close(code);
      // A stream that is loaded later is not tried.
      this.chosen ??= NONE;
    }

    /** `next` is tried if this one ends without having been open. */
    private try(socket: Candidate, next?: () => void): void {
      if (this.chosen || (!next && this.candidates.length > 1)) return;
      this.candidates.push(socket);
      socket.onopen = () => {
        if (this.chosen) return;
        this.chosen = socket;
        clearTimeout(this.timer);
        for (const other of this.candidates) if (other !== socket) other.close();
        if (!next) streamUntilMs = Date.now() + REMEMBER_MS;
        this.onopen?.();
      };
      socket.onmessage = (event) => this.onmessage?.(event);
      socket.onclose = (event) => {
        if (this.chosen && this.chosen !== socket) return;
        if (!this.chosen && next) {
          clearTimeout(this.timer);
          next();
        } else this.onclose?.(event);
      };
      socket.onerror = () => undefined; // the ws package throws errors that have no listener
    }
  };
}

const NONE = {} as Candidate;

interface Candidate {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: unknown;
  send?: (text: string) => void;
  close: (code?: number) => void;
}
