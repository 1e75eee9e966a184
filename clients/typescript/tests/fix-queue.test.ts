import { describe, expect, it } from 'vitest';
import { type Fix, FixQueue, type FixStorage } from '../src/fix-queue.js';

const fix = (second: number): Fix => ({
  lat: 1,
  lng: second,
  address: '',
  timestamp: new Date(second * 1_000).toISOString(),
});

function memory(): FixStorage & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

function sentBy(queue: FixQueue, limit = Infinity): number[] {
  const sent: number[] = [];
  queue.sendUnsent((each) => sent.length < limit && sent.push(each.lng) > 0);
  return sent;
}

describe('the queue of fixes', () => {
  it('sends in order and only what this connection has not had', () => {
    const queue = new FixQueue();
    [1, 2, 3].forEach((second) => queue.push(fix(second)));
    expect(sentBy(queue, 2)).toEqual([1, 2]);
    expect(sentBy(queue)).toEqual([3]);
    queue.push(fix(4));
    expect(sentBy(queue)).toEqual([4]);
    expect(queue.size).toBe(4);
  });

  it('sends again over the next connection what was not acknowledged', () => {
    const queue = new FixQueue();
    [1, 2, 3].forEach((second) => queue.push(fix(second)));
    sentBy(queue);
    expect(queue.acknowledge(fix(2).timestamp)).toBe(true);
    queue.forgetSent();
    expect(sentBy(queue)).toEqual([3]);
  });

  it('does not take the time of another fix as an acknowledgement', () => {
    const queue = new FixQueue();
    queue.push(fix(1));
    expect(queue.acknowledge(fix(9).timestamp)).toBe(false);
    expect(queue.size).toBe(1);
  });

  it('drops the oldest when full and counts it', () => {
    const queue = new FixQueue({ maxFixes: 3 });
    [1, 2, 3].forEach((second) => queue.push(fix(second)));
    sentBy(queue, 1);
    [4, 5].forEach((second) => queue.push(fix(second)));
    expect(queue.droppedCount).toBe(2);
    expect(sentBy(queue)).toEqual([3, 4, 5]);
  });

  it('gives each fix a time of its own', () => {
    const queue = new FixQueue();
    queue.push(fix(1));
    queue.push(fix(1));
    queue.acknowledge('1970-01-01T00:00:01.001Z');
    expect(queue.size).toBe(0);
  });

  it('is there again after a reload, and empty once all is acknowledged', () => {
    const storage = memory();
    const before = new FixQueue({ storage, storageKey: 'driver 5' });
    [1, 2].forEach((second) => before.push(fix(second)));
    const after = new FixQueue({ storage, storageKey: 'driver 5' });
    expect(sentBy(after)).toEqual([1, 2]);
    expect(new FixQueue({ storage, storageKey: 'driver 6' }).size).toBe(0);
    after.acknowledge(fix(2).timestamp);
    expect(storage.kept.size).toBe(0);
  });

  it('ignores stored values that are not fixes', () => {
    const storage = memory();
    storage.setItem('milepost.fixes', JSON.stringify([{ lat: 'x' }, null, fix(7)]));
    expect(sentBy(new FixQueue({ storage }))).toEqual([7]);
    storage.setItem('milepost.fixes', 'not JSON');
    expect(new FixQueue({ storage }).size).toBe(0);
  });

  it('goes on in memory when the storage is full, and says so once', () => {
    const said: string[] = [];
    const storage = {
      ...memory(),
      setItem: () => {
        throw new Error('full');
      },
    };
    const queue = new FixQueue({ storage, onStorageError: (message) => said.push(message) });
    [1, 2].forEach((second) => queue.push(fix(second)));
    expect(sentBy(queue)).toEqual([1, 2]);
    expect(said).toEqual(['full']);
  });
});
