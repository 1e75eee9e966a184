/** The map of a fleet that is too large to be followed whole: clusters from the server, and vehicles as one comes near. */

import { expect, type Page, test } from '@playwright/test';
import { Milepost } from '../clients/testing/milepost';
import { signIn } from './browser';

const VEHICLES = 2_100;
const AT_ONCE = 50;
const BATCH = 500;
let milepost: Milepost;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  milepost = await Milepost.start();
  const ids = Array.from({ length: VEHICLES }, (_, index) => `v${index}`);
  await milepost.call('GET', '/auth/me'); // signs in once
  for (let at = 0; at < VEHICLES; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE);
    await Promise.all(
      some.map((id) => milepost.call('POST', '/api/v1/vehicles', { id, kind: 'van', label: `Van ${id}` })),
    );
  }
  // A square of some 25 km, and 30 vans far away.
  for (let at = 0; at < VEHICLES; at += BATCH) {
    const positions = ids.slice(at, at + BATCH).map((vehicle_id, index) => {
      const number = at + index;
      const isFar = number >= VEHICLES - 30;
      const latitude = isFar ? 48.1 : 52.4 + (number % 46) * 0.005;
      const longitude = isFar ? 11.5 + (number % 30) * 0.001 : 13.2 + Math.floor(number / 46) * 0.008;
      return { vehicle_id, latitude, longitude, speed: 36, heading: 90 };
    });
    await milepost.call('POST', '/api/v1/positions', positions);
  }
});

test.afterAll(() => milepost.remove());

/** What the page hears, by its `op`. */
function heardBy(page: Page): { ops: Map<string, number>; vehicles: Set<string> } {
  const heard = { ops: new Map<string, number>(), vehicles: new Set<string>() };
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      const message = JSON.parse(String(payload)) as { op: string; v?: { id: string }[] };
      heard.ops.set(message.op, (heard.ops.get(message.op) ?? 0) + 1);
      if (message.op === 'vehicles') for (const { id } of message.v ?? []) heard.vehicles.add(id);
    }),
  );
  return heard;
}

const report = (vehicle_id: string, speed: number) =>
  milepost.call('POST', '/api/v1/positions', { vehicle_id, latitude: 52.41, longitude: 13.21, speed, heading: 0 });
const row = (page: Page, label: string) =>
  page.locator('.vehicle-row').filter({ has: page.getByText(label, { exact: true }) });

test('clusters stand for vehicles until one comes near, and the list is live where it is looked at', async ({
  page,
}) => {
  const heard = heardBy(page);
  await signIn(page, milepost);
  await expect(page.getByText('2,100 vans')).toBeVisible();
  await expect.poll(() => heard.ops.get('clusters') ?? 0).toBeGreaterThan(0);
  // Those of the list are followed, and not the others.
  await expect(row(page, 'Van v0')).toBeVisible();
  await expect.poll(() => heard.vehicles.has('v0')).toBe(true);
  expect(heard.vehicles.size).toBeLessThan(100);
  await report('v0', 61);
  await expect(row(page, 'Van v0')).toContainText('61 km/h');
  await page.waitForTimeout(1_000); // the map is drawn
  await page.screenshot({ path: 'screenshots/large-fleet.png' });

  // The vehicles of a small place come one by one.
  await page.getByRole('searchbox').fill('v2099');
  await row(page, 'Van v2099').click();
  await expect(page.locator('.details')).toContainText('Van v2099');
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('searchbox').fill('');
  const isNear = (id: string) => id !== 'v2099' && Number(id.slice(1)) >= VEHICLES - 30;
  await expect.poll(() => [...heard.vehicles].some(isNear)).toBe(true);
  expect(heard.vehicles.has('v1500')).toBe(false);
  await page.waitForTimeout(1_000);
  await page.screenshot({ path: 'screenshots/large-fleet-near.png' });

  // A state is found in the whole fleet.
  await page.getByLabel('Status', { exact: true }).selectOption({ label: 'Moving' });
  await expect.poll(() => heard.vehicles.size).toBe(VEHICLES);
});

test('a click on a cluster goes nearer', async ({ page }) => {
  await signIn(page, milepost);
  await expect(page.getByText('2,100 vans')).toBeVisible();
  const scale = page.locator('.maplibregl-ctrl-scale');
  await page.waitForTimeout(3_000); // the map shows all clusters
  const before = await scale.textContent();
  const canvas = page.locator('.map-canvas');
  const { x, y, width, height } = (await canvas.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  // Where the pointer becomes a hand there is one.
  const cursor = () => page.locator('.maplibregl-canvas').evaluate((element) => element.style.cursor);
  let isFound = false;
  for (let across = 20; across < width && !isFound; across += 28) {
    for (let down = 20; down < height && !isFound; down += 28) {
      await page.mouse.move(x + across, y + down);
      isFound = (await cursor()) === 'pointer';
      if (isFound) await page.mouse.click(x + across, y + down);
    }
  }
  expect(isFound).toBe(true);
  await expect(scale).not.toHaveText(before ?? '');
});
