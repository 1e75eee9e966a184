import 'fake-indexeddb/auto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { canRun, type Kiosk, Milepost } from '../../testing/milepost.js';
import { connect } from '../src/live/index.js';
import { openQueue } from '../src/live/queue/index.js';
import type { components } from '../src/rest/index.js';

const until = (check: () => unknown) => vi.waitFor(check, { timeout: 30_000, interval: 20 });

describe.skipIf(!canRun)('the queue of fixes and a real server', () => {
  let milepost: Milepost;
  let kiosk: Kiosk;
  beforeAll(async () => {
    milepost = await Milepost.start();
    kiosk = await milepost.addKiosk('Bus 7', 'WB01AB1234');
  });
  afterAll(() => milepost.remove());

  it('stores each fix once, over restarts of both', { timeout: 60_000 }, async (context) => {
    const { status } = await fetch(`${milepost.url}/api/v1/asyncapi.json`);
    if (status === 404) context.skip('this server does not know report');
    const refused: string[] = [];
    const open = () => {
      const live = connect({ url: milepost.url, key: kiosk.key, platform: { webSocket: WebSocket } });
      const queue = openQueue(live, { name: 'real', onRefused: (_, detail) => refused.push(detail) });
      return { live, queue };
    };
    let { live, queue } = open();
    const from = Date.now() - 600_000;
    const times: string[] = [];
    for (let number = 0; number < 120; number += 1) {
      const timestamp = new Date(from + number * 1_000).toISOString();
      times.push(timestamp);
      void queue.report({ latitude: 48 + number / 1e5, longitude: 2, timestamp });
      if (number % 40 === 10) {
        await milepost.kill();
        await new Promise((done) => setTimeout(done, 100));
        await milepost.resume();
      }
      if (number % 40 === 30) {
        await until(() => expect(queue.snapshot().waiting).toBeGreaterThanOrEqual(0));
        queue.close();
        live.close();
        ({ live, queue } = open());
      }
      await new Promise((done) => setTimeout(done, 5));
    }
    await until(() => expect(queue.snapshot()).toMatchObject({ waiting: 0, isKept: true, error: null }));
    queue.close();
    live.close();
    const path = `/api/v1/vehicles/${kiosk.vehicleId}/positions?limit=500`;
    const { items } = (await milepost.call('GET', path)) as { items: components['schemas']['Position'][] };
    expect(items.map(({ timestamp }) => timestamp).sort()).toEqual(times);
    expect(refused).toEqual([]);
  });
});
