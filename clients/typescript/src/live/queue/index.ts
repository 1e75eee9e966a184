/** Keeps fixes until the server has them: over lost connections, and over the end of the page. */

import { backoffDelayMs } from '../../backoff.js';
import type { LiveError } from '../error.js';
import type { Live } from '../live.js';
import { Derived, type Store } from '../store.js';
import { type Fix, type FixStore, memoryStore, openDatabase, type Waiting } from './fix-store.js';

export type { Fix };

export interface QueueOptions {
  /** One for each reporter, so that none sends another's fixes; `fixes` by default. */
  name?: string;
  /** The most fixes that wait, 10,000 by default: 14 hours with one in 5 s. When there are more, the oldest is dropped. */
  maxFixes?: number;
  /**
   * The request that sends a fix, one at a time, where it is no vehicle's: `{ op: 'status', parcel, … }`. Null: not now, ask again
   * soon. Without this, fixes are the positions of vehicles, and several go at once.
   */
  request?: (fix: Fix) => { op: string; [field: string]: unknown } | null;
  /** A fix was refused or dropped, and is not in the queue any more. */
  onRefused?: (fix: Fix, detail: string) => void;
}

export interface QueueSnapshot {
  /** Fixes that the server does not have yet, of all pages that share the queue. */
  readonly waiting: number;
  /** Whether they outlive the page. */
  readonly isKept: boolean;
  /** Why they could not be sent last; null after they were. */
  readonly error: LiveError | null;
}

const MAX_FIXES = 10_000;
/** Fixes in one message. */
const BATCH = 50;
/** Bytes of a message beside its fixes. */
const ROOM = 128;
const MIN_PAUSE_MS = 500;
/** After a fix that can't be sent now. */
const NOT_NOW_MS = 1_000;
/** The request would be refused again: one of its fixes is wrong. */
const BAD = ['invalid', 'malformed', 'forbidden', 'not_found', 'conflict', 'gone'];

/** What pages that share a queue tell each other: fixes that are not in it any more, and whether the server has them. */
type News = readonly (readonly [key: number, isStored: boolean])[];

export interface Queue extends Pick<Store<QueueSnapshot>, 'subscribe' | 'snapshot'> {
  /**
   * Puts a fix into the queue, with the present time if it has none. Resolved with true once the server has it, with false if it
   * was refused or dropped. There is no need to wait for it.
   */
  report: (fix: Fix) => Promise<boolean>;
  /** Stops sending. What waits is kept for the next time, if it can be. */
  close: () => void;
}

/** Opens the queue of this name, and sends what waits in it over the connection. Of several pages one sends. */
export function openQueue(
  live: Live,
  { name = 'fixes', maxFixes = MAX_FIXES, request, onRefused }: QueueOptions = {},
): Queue {
  const sharedName = `milepost ${name}`;
  const asking = new Map<number, (isStored: boolean) => void>();
  const closing = new AbortController();
  const { signal } = closing;
  let channel: BroadcastChannel | null = null;
  let waiting = 0;
  let error: LiveError | null = null;
  let adding: Promise<unknown> = Promise.resolve();
  /** Something has happened since the queue was last read. */
  let isFresh = false;
  let resume = () => {};

  const state = new Derived<QueueSnapshot>(live.frames, () => ({ waiting, isKept: channel !== null, error }));
  const opening = open();
  const stopWatching = live.connection.subscribe(wake);
  void run();

  return {
    subscribe: state.subscribe,
    snapshot: state.snapshot,
    report: (fix) => {
      const timed = { timestamp: new Date().toISOString(), ...fix };
      return new Promise((resolve) => {
        // One after the other, so that none is dropped twice.
        adding = adding.then(() => add(timed, resolve));
      });
    },
    close: () => {
      stopWatching();
      closing.abort();
      channel?.close();
      channel = null;
      wake();
    },
  };

  async function open(): Promise<FixStore> {
    try {
      const store = await openDatabase(sharedName);
      channel = new BroadcastChannel(sharedName);
      channel.onmessage = ({ data }) => told(data as News);
      return store;
    } catch {
      return memoryStore(); // better than nothing
    }
  }

  async function add(fix: Fix, resolve: (isStored: boolean) => void): Promise<void> {
    const store = await opening;
    asking.set(await store.add(fix), resolve);
    const excess = (await store.count()) - maxFixes;
    await remove(excess > 0 ? await store.first(excess) : [], () => 'the queue is full');
  }

  async function run(): Promise<void> {
    await opening;
    await told([]);
    const locks = channel && globalThis.navigator?.locks;
    // Held until this page ends. Then the next one that waits for it sends.
    await (locks?.request(sharedName, { signal }, sendAll).catch(() => {}) ?? sendAll());
  }

  async function sendAll(): Promise<void> {
    const most = request ? 1 : BATCH;
    let limit = most;
    let failures = 0;
    while (!signal.aborted) {
      isFresh = false;
      const fixes = fitting(await (await opening).first(limit));
      const [first] = fixes;
      if (!first) {
        await pause();
        continue;
      }
      const message = request ? request(first.fix) : { op: 'report', positions: fixes.map(({ fix }) => fix) };
      if (!message) {
        await pause(NOT_NOW_MS);
        continue;
      }
      const answer = await live.request(message).catch((failure: LiveError) => failure);
      if ('op' in answer) {
        error = null;
        await remove(fixes, (at) => answer.rejected?.find(({ index }) => index === at)?.detail);
        limit = Math.min(most, limit * 2);
        failures = 0;
        continue;
      }
      error = answer;
      if (!BAD.includes(answer.code)) {
        state.touch();
        await pause(answer.retryMs ?? MIN_PAUSE_MS + backoffDelayMs(failures++, Math.random));
      } else if (fixes.length > 1) {
        limit = 1; // one by one, so that a bad one takes no others with it
      } else await remove(fixes, () => answer.message);
    }
  }

  /** The first of them, as many as a message may hold. */
  function fitting(fixes: Waiting[]): Waiting[] {
    let left = (live.connection.snapshot().welcome?.limits.message_bytes ?? 0) - ROOM;
    return fixes.filter(({ fix }, index) => {
      left -= new Blob([JSON.stringify(fix)]).size + 1;
      return left >= 0 || index === 0;
    });
  }

  /** Waits until something happens, so many milliseconds at most. */
  function pause(limitMs?: number): Promise<void> {
    return new Promise((resolve) => {
      if (isFresh) return resolve();
      const timer = limitMs && setTimeout(resolve, limitMs);
      resume = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function wake(): void {
    isFresh = true;
    resume();
  }

  /** Takes fixes, the first of the queue, out of it. Those that were refused or dropped have a reason. */
  async function remove(fixes: readonly Waiting[], reasonOf: (at: number) => string | undefined): Promise<void> {
    const last = fixes.at(-1);
    if (last) await (await opening).remove(last.key);
    const news: News = fixes.map(({ key, fix }, at) => {
      const reason = reasonOf(at);
      if (reason !== undefined) onRefused?.(fix, reason);
      return [key, reason === undefined];
    });
    channel?.postMessage(news);
    await told(news);
  }

  /** This page or another one has added or removed something. */
  async function told(news: News): Promise<void> {
    for (const [key, isStored] of news) {
      asking.get(key)?.(isStored);
      asking.delete(key);
    }
    wake();
    waiting = await (await opening).count();
    state.touch();
  }
}
