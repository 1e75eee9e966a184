/** What vehicles and facts have in common for those who follow them: they are followed while somebody listens. */

import type { LiveError } from './error.js';
import type { LivePlatform } from './platform.js';
import { type Frames, Store } from './store.js';
import type { AnyFact } from './topics.js';

/**
 * - `loading`: the present state has not come yet. It comes once somebody listens.
 * - `live`: what is shown is what the server has.
 * - `stale`: it was live, and the connection is lost; the last known state is kept.
 * - `failed`: refused, see `error`. It is asked for again with the next connection.
 */
export type FollowStatus = 'loading' | 'live' | 'stale' | 'failed';

/** After the last listener has left, it is followed for this long: pages often leave and come back at once. */
export const LINGER_MS = 1_000;

/** What the connection tells those who follow something over it. */
export interface Follower {
  /** A fact, of whatever topic. */
  received?: (fact: AnyFact) => void;
  /** The server says how far it is, and what time it is. */
  marked?: (cursor: string | undefined, nowMs: number) => void;
  disconnected: () => void;
  /** The connection is refused or closed. */
  ended: (error: LiveError) => void;
}

export abstract class Following<Snapshot> extends Store<Snapshot> {
  status: FollowStatus = 'loading';
  error: LiveError | null = null;
  private holders = 0;
  private isFollowed = false;

  constructor(
    frames: Frames,
    protected readonly platform: LivePlatform,
  ) {
    super(frames);
  }

  protected abstract start(): void;
  protected abstract stop(): void;

  protected override hold(): () => void {
    this.holders += 1;
    if (!this.isFollowed) {
      this.isFollowed = true;
      this.start();
    }
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.holders -= 1;
      if (this.holders === 0) this.platform.setTimer(() => this.leave(), this.lingerMs);
    };
  }

  /** How long it is followed after the last listener has left. */
  protected get lingerMs(): number {
    return LINGER_MS;
  }

  protected setStatus(status: FollowStatus, error: LiveError | null = null): void {
    if (status === this.status && error === this.error) return;
    this.status = status;
    this.error = error;
    this.changed();
  }

  /** The connection is lost. */
  disconnected(): void {
    if (this.status === 'live') this.setStatus('stale');
    if (this.status === 'failed') this.setStatus('loading');
  }

  private leave(): void {
    if (this.holders > 0 || !this.isFollowed) return;
    this.isFollowed = false;
    this.setStatus('loading');
    this.stop();
  }
}
