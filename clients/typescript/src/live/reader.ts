/** Gives values to one `for await` loop, which takes them at its own pace. */

import type { LiveError } from './error.js';

export abstract class Reader<Value> implements AsyncIterableIterator<Value, undefined> {
  private waiting: {
    resolve: (result: IteratorResult<Value, undefined>) => void;
    reject: (error: LiveError) => void;
  }[] = [];
  private failure: LiveError | null = null;
  private isDone = false;

  constructor(private readonly onReturn: () => void) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Value, undefined>> {
    return new Promise((resolve, reject) => {
      this.asked();
      this.waiting.push({ resolve, reject });
      this.pump();
    });
  }

  /** The loop was left. */
  return(): Promise<IteratorResult<Value, undefined>> {
    this.finish();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** What came before is still given. Then the loop ends; after anything but `close()` it throws. */
  fail(error: LiveError): void {
    if (this.isDone) return;
    this.failure = error.code === 'closed' ? null : error;
    this.isDone = true;
    this.pump();
  }

  /** Called when the loop asks for its next value: it is done with the last one. */
  protected asked(): void {}

  /** The next value, or undefined if there is none yet. */
  protected abstract take(): Value | undefined;

  /** Gives what there is to those who wait. */
  protected pump(): void {
    while (this.waiting.length > 0) {
      const value = this.take();
      if (value === undefined && !this.isDone) return;
      const waiting = this.waiting.shift();
      if (value !== undefined) waiting?.resolve({ done: false, value });
      else if (this.failure) {
        waiting?.reject(this.failure);
        this.failure = null;
        this.finish();
      } else {
        waiting?.resolve({ done: true, value: undefined });
        this.finish();
      }
    }
  }

  private finish(): void {
    this.isDone = true;
    for (const { resolve } of this.waiting.splice(0)) resolve({ done: true, value: undefined });
    this.onReturn();
  }
}
