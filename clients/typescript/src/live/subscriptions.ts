/** What is wanted of the server. It is sent whole at each connection; between them, changes are sent. */

import { LiveError } from './error.js';
import type { LivePlatform } from './platform.js';
import type { Failure, Ready, ServerMessage } from './wire.js';

/** One subscription on the wire. */
export interface Wanted {
  /** Its fields, but for `op` and `s`. Called each time that it begins. */
  request: () => object;
  onItems?: (items: unknown[]) => void;
  /** Another message of it, or one that belongs to no subscription by its number, such as a delivery. */
  onMessage?: (message: ServerMessage) => void;
  onReady: (ready: Ready) => void;
  /** It was refused or has ended. With `retryMs` it begins again by itself. */
  onError: (error: LiveError) => void;
}

interface Entry {
  wanted: Wanted;
  /** Its number on this connection; null while it has none. */
  s: number | null;
  retry: unknown;
}

export class Subscriptions {
  private readonly entries = new Map<string, Entry>();
  private readonly byNumber = new Map<number, Entry>();
  private send: ((message: object) => void) | null = null;
  private lastNumber = 0;

  constructor(private readonly platform: LivePlatform) {}

  has(key: string): boolean {
    return this.entries.has(key);
  }

  /** Begins it now, or with the next connection. There is one for each key. */
  want(key: string, wanted: Wanted): void {
    const entry: Entry = { wanted, s: null, retry: null };
    this.entries.set(key, entry);
    this.begin(entry);
  }

  unwant(key: string): void {
    const entry = this.entries.get(key);
    if (!entry) return;
    this.entries.delete(key);
    const { s } = entry;
    this.forget(entry);
    if (s !== null) this.send?.({ op: 'unsub', s });
  }

  /** Sends something about a subscription that has begun. Returns whether there was one. */
  tell(key: string, message: object): boolean {
    const s = this.entries.get(key)?.s ?? null;
    if (s !== null) this.send?.({ ...message, s });
    return s !== null;
  }

  connected(send: (message: object) => void): void {
    this.send = send;
    for (const entry of this.entries.values()) this.begin(entry);
  }

  disconnected(): void {
    this.send = null;
    for (const entry of this.entries.values()) this.forget(entry);
  }

  received(message: ServerMessage): void {
    // What belongs to a subscription that has ended meanwhile is passed over.
    if (!('s' in message)) {
      for (const { wanted } of this.entries.values()) wanted.onMessage?.(message);
      return;
    }
    const entry = this.byNumber.get(message.s ?? 0);
    if (!entry) return;
    if (message.op === 'items') entry.wanted.onItems?.(message.items);
    else if (message.op === 'ready') entry.wanted.onReady(message);
    else if (message.op === 'error') this.refused(entry, message);
    else entry.wanted.onMessage?.(message);
  }

  private refused(entry: Entry, { code, message, retry_ms }: Failure): void {
    this.forget(entry);
    const retryMs = typeof retry_ms === 'number' ? retry_ms : null;
    if (retryMs !== null) entry.retry = this.platform.setTimer(() => this.begin(entry), retryMs);
    entry.wanted.onError(new LiveError(code, message, retryMs));
  }

  private begin(entry: Entry): void {
    if (!this.send) return;
    this.lastNumber += 1;
    entry.s = this.lastNumber;
    this.byNumber.set(entry.s, entry);
    this.send({ op: 'sub', s: entry.s, ...entry.wanted.request() });
  }

  private forget(entry: Entry): void {
    if (entry.s !== null) this.byNumber.delete(entry.s);
    entry.s = null;
    if (entry.retry !== null) this.platform.clearTimer(entry.retry);
    entry.retry = null;
  }
}
