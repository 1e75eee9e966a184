/** Where fixes wait: in IndexedDB, which all pages of an origin share and which outlives them, or else in memory. */

import type { components } from '../../rest/schema.js';

/** A position to report, with the names of the REST API. */
export type Fix = components['schemas']['NewPosition'];

/** Keys rise in the order in which fixes came. */
export interface Waiting {
  readonly key: number;
  readonly fix: Fix;
}

export interface FixStore {
  add: (fix: Fix) => Promise<number>;
  /** The first of them. */
  first: (limit: number) => Promise<Waiting[]>;
  /** All up to this key. */
  remove: (lastKey: number) => Promise<unknown>;
  count: () => Promise<number>;
}

export function memoryStore(): FixStore {
  let waiting: Waiting[] = [];
  let lastKey = 0;
  return {
    add: async (fix) => {
      lastKey += 1;
      waiting.push({ key: lastKey, fix });
      return lastKey;
    },
    first: async (limit) => waiting.slice(0, limit),
    remove: async (last) => {
      waiting = waiting.filter(({ key }) => key > last);
    },
    count: async () => waiting.length,
  };
}

const FIXES = 'fixes';

/** Rejects where IndexedDB is missing or refused, as in some private windows. */
export async function openDatabase(name: string): Promise<FixStore> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(FIXES, { keyPath: 'key', autoIncrement: true });
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  /** Resolved when what it did is on the disk. */
  const within = <Result>(mode: IDBTransactionMode, run: (fixes: IDBObjectStore) => IDBRequest<Result>) =>
    new Promise<Result>((resolve, reject) => {
      const transaction = database.transaction(FIXES, mode);
      const request = run(transaction.objectStore(FIXES));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  return {
    add: (fix) => within('readwrite', (fixes) => fixes.add({ fix })) as Promise<number>,
    first: (limit) => within('readonly', (fixes) => fixes.getAll(null, limit)),
    remove: (last) => within('readwrite', (fixes) => fixes.delete(IDBKeyRange.upperBound(last))),
    count: () => within('readonly', (fixes) => fixes.count()),
  };
}
