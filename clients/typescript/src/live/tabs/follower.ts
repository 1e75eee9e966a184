/** The side of a page: a socket that leads to the page that has the connection. */

import { connect, type LiveOptions } from '../live.js';
import { type LivePlatform, livePlatformOf, type Signal } from '../platform.js';

/** What pages tell each other. `to` is a socket; without it the message is for the leader, and `all` is for everybody. */
export interface Note {
  readonly from?: string;
  readonly to?: string;
  /** A message of the live protocol. */
  readonly data?: string;
  /** The leader has a connection now. */
  readonly all?: true;
  /** The leader is there, and waits for a connection itself. */
  readonly wait?: true;
}

export function followerOf(name: string, options: LiveOptions): Partial<LivePlatform> {
  const channel = new BroadcastChannel(name);
  let signal: (signal: Signal) => void = () => undefined;
  /** An attempt got no answer at all: the leader sleeps. */
  let isUnanswered = false;
  let hasAsked = false;
  let hear: (note: Note) => void = () => undefined;
  channel.onmessage = ({ data }) => hear(data as Note);

  /** Leads once the lock is this page's, until another page takes it. */
  const askToLead = (steal: boolean) => {
    hasAsked = true;
    let stop: () => void = () => undefined;
    const leading = navigator.locks.request(name, steal ? { steal } : {}, async () => {
      // Loaded when it is needed: most pages follow.
      const { lead } = await import('./leader.js');
      const { port1, port2 } = new MessageChannel();
      const queue: (() => void)[] = [];
      port1.onmessage = () => queue.shift()?.();
      /** Soon. A page in the background draws no frames, and its timers are slow. */
      const frame = (run: () => void) => {
        queue.push(run);
        port2.postMessage(0);
      };
      const end = lead(name, connect({ ...options, platform: { ...options.platform, frame } }), frame);
      await new Promise<void>((done) => {
        stop = () => {
          end();
          port1.close();
          done();
        };
      });
    });
    // Rejected when another page has taken the lock, or if the file could not be loaded.
    leading.catch(() => {
      hasAsked = false;
      stop();
    });
  };

  class TabSocket {
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: unknown }) => void) | null = null;
    onclose: ((event: { code: number; reason: string }) => void) | null = null;
    onerror = null;
    private readonly id = crypto.randomUUID();
    private hello = '';
    private isAnswered = false;
    private leave: () => void = () => undefined;

    constructor() {
      // The leader waits for this lock, and so learns that the page is gone.
      void navigator.locks.request(this.id, () => new Promise<void>((done) => (this.leave = done)));
      if (isUnanswered || !hasAsked) askToLead(isUnanswered);
      isUnanswered = false;
      hear = (note) => this.heard(note);
      queueMicrotask(() => this.onopen?.());
    }

    send(data: string): void {
      this.hello ||= data;
      this.post(data);
    }

    close(): void {
      isUnanswered ||= this.hello !== '' && !this.isAnswered;
      hear = ({ all }) => all && signal('online');
      this.leave();
    }

    private heard({ to, data, all, wait }: Note): void {
      if (all && !this.isAnswered && this.hello) this.post(this.hello);
      if (to !== this.id) return;
      this.isAnswered = true;
      if (!wait) this.onmessage?.({ data });
    }

    private post(data: string): void {
      channel.postMessage({ from: this.id, data } satisfies Note);
    }
  }

  const { watch } = livePlatformOf(options.platform);
  return {
    ...options.platform,
    webSocket: TabSocket,
    watch: (given) => {
      signal = given;
      return watch(given);
    },
  };
}
