/** What operators asked of the live map and its pages: age, crowds, following, many alerts, coming back. */

import { expect, type Page, test } from '@playwright/test';
import { Milepost } from '../clients/testing/milepost';
import { openAs } from './browser';

const PASSWORD = 'a-long-enough-password';
let milepost: Milepost;

test.beforeAll(async () => {
  milepost = await Milepost.start();
  await milepost.addUser('manager', PASSWORD, 'manager');
});

test.afterAll(() => milepost.remove());

async function addVehicle(label: string, latitude: number, longitude: number, ageMinutes = 0): Promise<string> {
  const { id } = await milepost.call('POST', '/api/v1/vehicles', { kind: 'truck', label });
  const timestamp = new Date(Date.now() - ageMinutes * 60_000).toISOString();
  await milepost.call('POST', '/api/v1/positions', { vehicle_id: id, latitude, longitude, speed: 30, timestamp });
  return String(id);
}

const move = (id: string, latitude: number, longitude: number) =>
  milepost.call('POST', '/api/v1/positions', { vehicle_id: id, latitude, longitude, speed: 30 });

/** Waits until the map has been drawn twice in the same way. */
async function settled(page: Page): Promise<void> {
  const canvas = page.locator('.map-canvas canvas');
  let before = await canvas.screenshot();
  await expect(async () => {
    const last = before;
    await page.waitForTimeout(700);
    before = await canvas.screenshot();
    expect(before.equals(last)).toBe(true);
  }).toPass();
}

test('what has been silent for longer than the tenant’s threshold says since when, in list and panel', async ({
  page,
}) => {
  const id = await addVehicle('Silent truck', 10, 20, 11);
  await openAs(page, milepost, '/map', 'manager', PASSWORD);
  const row = page.locator(`[data-vehicle-id="${id}"]`);
  await expect(row).toHaveAttribute('data-stale', 'true');
  await expect(row).toContainText(/No signal since \d\d:\d\d/);
  await expect(row).not.toContainText('km/h');
  await row.click();
  await expect(page.getByRole('region', { name: 'Details of Silent truck' })).toContainText(/No signal since/);

  // Another threshold holds at once, also for pages that are opened by others.
  await milepost.call('PATCH', '/api/v1/fleet/rules', { offline_after_s: 3_600 });
  await page.reload();
  await expect(row).toHaveAttribute('data-stale', 'false');
  await milepost.call('PATCH', '/api/v1/fleet/rules', { offline_after_s: null });
});

test('thirty vehicles on one spot open a list of thirty, which the keyboard reaches', async ({ page }) => {
  for (let index = 1; index <= 30; index++) await addVehicle(`Yard ${index}`, 52.52, 13.4);
  await openAs(page, milepost, '/map', 'manager', PASSWORD);
  await page.getByRole('searchbox').fill('Yard');
  await expect(page.getByRole('listbox').getByRole('option')).not.toHaveCount(0);
  await page.getByRole('button', { name: 'Show all' }).click();
  await settled(page);
  const box = (await page.locator('.map-canvas').boundingBox())!;
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  const dialog = page.getByRole('dialog', { name: '30 trucks on one spot' });
  await expect(dialog.getByRole('listitem')).toHaveCount(30);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: /Details of Yard/ })).toBeVisible();
});

test('following keeps the vehicle in the middle, and a drag of the map ends it', async ({ page }) => {
  const id = await addVehicle('Followed', 40, -3);
  await openAs(page, milepost, `/map?vehicle=${id}`, 'manager', PASSWORD);
  const panel = page.getByRole('region', { name: 'Details of Followed' });
  await panel.getByRole('button', { name: 'Follow' }).click();
  await expect(panel.getByRole('button', { name: 'Following' })).toHaveAttribute('aria-pressed', 'true');
  await settled(page);
  await move(id, 40.001, -3.001);
  await settled(page);
  await expect(panel.getByRole('button', { name: 'Following' })).toBeVisible();
  const box = (await page.locator('.map-canvas').boundingBox())!;
  await page.mouse.move(box.x + 400, box.y + 500);
  await page.mouse.down();
  await page.mouse.move(box.x + 500, box.y + 400, { steps: 5 });
  await page.mouse.up();
  await expect(panel.getByRole('button', { name: 'Follow', exact: true })).toHaveAttribute('aria-pressed', 'false');
});

test('a hundred alerts of one kind are one row with a count, and a critical one stands alone', async ({ page }) => {
  const id = await addVehicle('Hasty', 0, 0);
  await openAs(page, milepost, '/alerts', 'manager', PASSWORD);
  await expect(page.getByRole('heading', { name: 'Alerts' })).toBeVisible();
  const alert = { type: 'driver_event', title: 'Harsh braking', message: 'braked hard', vehicle_id: id };
  for (let count = 0; count < 100; count++) await milepost.call('POST', '/api/v1/alerts', alert);
  const theft = { type: 'fuel_theft', title: 'Fuel theft', message: 'gone', vehicle_id: id };
  await milepost.call('POST', '/api/v1/alerts', theft);
  const rows = page.locator('.alert', { hasText: 'Hasty' });
  await expect(rows.filter({ hasText: '100 of these' })).toHaveCount(1);
  await expect(rows).toHaveCount(2);
  await expect(page.getByRole('navigation', { name: 'Main' }).getByText('99+')).toBeVisible();
});

test('after a lost network everything is current within three seconds, without a reload, and what was typed is there', async ({
  page,
  context,
}) => {
  const id = await addVehicle('Roaming', 5, 5);
  await openAs(page, milepost, '/map', 'manager', PASSWORD);
  const row = page.locator(`[data-vehicle-id="${id}"]`);
  await expect(row).toHaveAttribute('data-latitude', '5');
  await page.getByRole('searchbox').fill('roaming');
  await context.setOffline(true);
  await expect(page.getByLabel(/^Connection: /)).toBeVisible();
  await move(id, 6, 5);
  await context.setOffline(false);
  await expect(row).toHaveAttribute('data-latitude', '6', { timeout: 3_000 });
  await expect(page.getByRole('searchbox')).toHaveValue('roaming');
});

test('a fleet of 160 is clustered from afar, and filters narrow list and map alike', async ({ page }) => {
  const vehicles = Array.from({ length: 160 }, (_, index) => ({ label: `Mass ${index}`, id: `mass-${index}` }));
  for (const { label, id } of vehicles)
    await milepost.call('POST', '/api/v1/vehicles', { id, label, kind: 'van', route: '9' });
  const positions = vehicles.map(({ id }, index) => ({
    vehicle_id: id,
    latitude: 51 + (index % 20) * 0.01,
    longitude: 10 + Math.floor(index / 20) * 0.01,
    speed: index % 2 ? 0 : 50,
  }));
  await milepost.call('POST', '/api/v1/positions', positions);
  await openAs(page, milepost, '/map', 'manager', PASSWORD);
  await page.getByLabel('Route', { exact: true }).selectOption('9');
  await page.getByLabel('Status', { exact: true }).selectOption('moving');
  await expect(page.getByRole('option', { name: /Mass 0/ })).toBeVisible();
  await expect(page.getByRole('option', { name: /Mass 1 / })).toHaveCount(0);
  await page.getByLabel('Status', { exact: true }).selectOption('');
  await page.getByRole('button', { name: 'Show all' }).click();
  await settled(page);
  await page.screenshot({ path: 'screenshots/clusters.png' });
});

test('the whole fleet is where it was at a past moment', async ({ page }) => {
  const [early, late] = [await addVehicle('Early', 10, 10), await addVehicle('Late', 20, 20)];
  const nowMs = Date.now();
  const at = (minutesAgo: number, vehicle_id: string, latitude: number) => ({
    vehicle_id,
    latitude,
    longitude: 30,
    timestamp: new Date(nowMs - minutesAgo * 60_000).toISOString(),
  });
  await milepost.call('POST', '/api/v1/positions', [at(200, early, 11), at(131, early, 12), at(129, early, 13)]);
  await milepost.call('POST', '/api/v1/positions', [at(160, late, 21), at(100, late, 22)]);
  await openAs(page, milepost, `/history?fleet=&at=${nowMs - 130 * 60_000}`, 'manager', PASSWORD);
  const list = page.getByRole('list', { name: 'Vehicles' });
  await expect(list.locator(`[data-vehicle-id="${early}"]`)).toHaveAttribute('data-latitude', '12');
  // Silent for half an hour: shown where it was last, with the time.
  await expect(list.locator(`[data-vehicle-id="${late}"]`)).toHaveAttribute('data-latitude', '21');
  await expect(list.locator(`[data-vehicle-id="${late}"]`)).toContainText('No signal since');
  await expect(page.locator('.track-map .maplibregl-marker')).toHaveCount(2);
  await page.screenshot({ path: 'screenshots/fleet-then.png' });
});
