/** A driver's fixes that the server has not acknowledged: in order, bounded, and kept over a reload if a storage is given. */

/** The location of a driver at a time. */
export interface Fix {
  lat: number;
  lng: number;
  address: string;
  /** RFC 3339 UTC with milliseconds. No two queued fixes have the same time. */
  timestamp: string;
}

/** `localStorage`, or an object with the same methods. */
export interface FixStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface FixQueueOptions {
  storage?: FixStorage | undefined;
  /** One key for each driver, so that no driver sends another's fixes. */
  storageKey?: string | undefined;
  /** The largest number of queued fixes, 1,000 by default: more than 80 minutes with one in 5 s. When full, the oldest is dropped and counted. */
  maxFixes?: number | undefined;
  /** Called when the storage fails. It is not used again. */
  onStorageError?: (message: string) => void;
}

export const MAX_FIXES = 1_000;
const DEFAULT_KEY = 'milepost.fixes';

export class FixQueue {
  private fixes: Fix[] = [];
  private dropped = 0;
  /** The number of fixes at the front that were sent over the present connection. */
  private sent = 0;
  private storage: FixStorage | undefined;
  private readonly key: string;
  private readonly maxFixes: number;

  constructor(private readonly options: FixQueueOptions = {}) {
    this.storage = options.storage;
    this.key = options.storageKey ?? DEFAULT_KEY;
    this.maxFixes = Math.max(1, options.maxFixes ?? MAX_FIXES);
    this.restore();
  }

  /** Fixes that the server has not acknowledged. */
  get size(): number {
    return this.fixes.length;
  }

  /** Fixes that were dropped because the queue was full. */
  get droppedCount(): number {
    return this.dropped;
  }

  /** Adds a fix. If it has the same time as the fix before it, its time is moved on by a millisecond. */
  push(fix: Fix): void {
    const last = this.fixes.at(-1);
    const atMs = Date.parse(fix.timestamp);
    const isTaken = last !== undefined && Date.parse(last.timestamp) === atMs;
    this.fixes.push(isTaken ? { ...fix, timestamp: new Date(atMs + 1).toISOString() } : fix);
    this.trim();
    this.save();
  }

  /** Passes the fixes that were not sent over this connection to `send`, in order, until it refuses one. */
  sendUnsent(send: (fix: Fix) => boolean): void {
    for (let next = this.fixes[this.sent]; next !== undefined && send(next); next = this.fixes[this.sent])
      this.sent += 1;
  }

  /** Called when the connection is lost: fixes without acknowledgement are sent again over the next one. */
  forgetSent(): void {
    this.sent = 0;
  }

  /** Removes the fix with this time and those before it, which the server has too. Returns false if no fix has this time. */
  acknowledge(timestamp: string): boolean {
    const atMs = Date.parse(timestamp);
    const index = this.fixes.findIndex((fix) => Date.parse(fix.timestamp) === atMs);
    if (index < 0) return false;
    this.fixes.splice(0, index + 1);
    this.sent = Math.max(0, this.sent - index - 1);
    this.save();
    return true;
  }

  private trim(): void {
    const excess = this.fixes.length - this.maxFixes;
    if (excess <= 0) return;
    this.fixes.splice(0, excess);
    this.sent = Math.max(0, this.sent - excess);
    this.dropped += excess;
  }

  private restore(): void {
    this.withStorage((storage) => {
      this.fixes = readFixes(storage.getItem(this.key));
      this.trim();
    });
  }

  private save(): void {
    this.withStorage((storage) => {
      if (this.fixes.length === 0) storage.removeItem(this.key);
      else storage.setItem(this.key, JSON.stringify(this.fixes));
    });
  }

  private withStorage(use: (storage: FixStorage) => void): void {
    if (!this.storage) return;
    try {
      use(this.storage);
    } catch (error) {
      this.storage = undefined; // full or forbidden: it would fail at every fix
      this.options.onStorageError?.(error instanceof Error ? error.message : String(error));
    }
  }
}

/** Text that is not a list of fixes is treated as empty. The next fix overwrites it. */
function readFixes(text: string | null): Fix[] {
  try {
    const kept: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(kept) ? kept.filter(isFix) : [];
  } catch {
    return [];
  }
}

function isFix(value: unknown): value is Fix {
  if (typeof value !== 'object' || value === null) return false;
  const { lat, lng, address, timestamp } = value as Record<string, unknown>;
  const isText = typeof address === 'string' && typeof timestamp === 'string';
  return typeof lat === 'number' && typeof lng === 'number' && isText && !Number.isNaN(Date.parse(timestamp));
}
