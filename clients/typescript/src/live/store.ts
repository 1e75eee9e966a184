/** Values that change once a frame, for programs that draw them. */

import type { LivePlatform } from './platform.js';

/** Gathers what changed, and passes it on once a frame: first to `derive`, which may change more, then to those who listen. */
export class Frames {
  private derive = new Set<() => void>();
  private publish = new Set<() => void>();
  private isAsked = false;

  constructor(private readonly platform: LivePlatform) {}

  request(phase: 'derive' | 'publish', run: () => void): void {
    this[phase].add(run);
    if (this.isAsked) return;
    this.isAsked = true;
    this.platform.frame(this.flush);
  }

  private readonly flush = (): void => {
    for (const run of this.derive) run();
    this.derive.clear();
    const { publish } = this;
    this.publish = new Set();
    this.isAsked = false;
    for (const run of publish) run();
  };
}

export abstract class Store<Snapshot> {
  private readonly listeners = new Set<() => void>();
  private kept: Snapshot | null = null;

  constructor(protected readonly frames: Frames) {}

  /** Calls back once in each frame in which the snapshot changed, until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const own = () => listener();
    this.listeners.add(own);
    const release = this.hold();
    return () => {
      if (this.listeners.delete(own)) release();
    };
  };

  /** The present value. It is the same object until it changes. */
  readonly snapshot = (): Snapshot => {
    this.kept ??= this.build();
    return this.kept;
  };

  protected abstract build(): Snapshot;

  /** Called for each that listens. Returns what ends that. */
  protected hold(): () => void {
    return () => undefined;
  }

  protected changed(): void {
    this.frames.request('publish', this.publish);
  }

  protected readonly publish = (): void => {
    this.kept = null;
    for (const listener of [...this.listeners]) {
      try {
        listener();
      } catch (error) {
        // The fault of one listener is reported as uncaught, and the others are called.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  };
}

/** A store of what a function gives. */
export class Derived<Snapshot> extends Store<Snapshot> {
  constructor(
    frames: Frames,
    protected readonly build: () => Snapshot,
  ) {
    super(frames);
  }

  /** What the function gives has changed. */
  touch(): void {
    this.changed();
  }
}
