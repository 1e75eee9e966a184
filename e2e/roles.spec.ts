/** The journeys of each role, with axe on each page. */

import { type Browser, expect, type Page, test } from '@playwright/test';
import { type Kiosk, Milepost } from '../clients/testing/milepost';
import { expectAccessible } from './axe';
import { foreignRequests, openAs } from './browser';

const PASSWORD = 'a-long-enough-password';
let milepost: Milepost;
let kiosk: Kiosk;
let cadet: number;

test.beforeAll(async () => {
  milepost = await Milepost.start();
  kiosk = await milepost.addKiosk('School bus 7', 'WB01AB1234');
  await milepost.addKiosk('School bus 8', 'WB01AB5678');
  await drive();
  const parent = { username: 'parent', password: PASSWORD, role: 'parent', vehicle_ids: [kiosk.vehicleId] };
  await milepost.call('POST', '/api/v1/users', parent);
  await milepost.addUser('manager', PASSWORD, 'manager');
  await milepost.addUser('client', PASSWORD, 'client');
  await milepost.addUser('staff', PASSWORD, 'training_staff');
  await milepost.addUser('second', PASSWORD, 'training_staff');
  cadet = Number((await milepost.call('POST', '/api/v1/cadets', { name: 'Ana Cruz', student_id: '2026-1' })).id);
  await milepost.call('POST', '/api/v1/cadets', { name: 'Ben Santos', student_id: '2026-2' });
  const user = { username: 'cadet', password: PASSWORD, role: 'cadet', cadet_id: cadet };
  await milepost.call('POST', '/api/v1/users', user);
});

test.afterAll(() => milepost.remove());

/** Twenty minutes of driving east, up to now. */
async function drive(): Promise<void> {
  const now = Date.now();
  const positions = Array.from({ length: 240 }, (_, index) => ({
    vehicle_id: kiosk.vehicleId,
    latitude: 22.57,
    longitude: 88.36 + index * 0.0006,
    speed: 44,
    heading: 90,
    timestamp: new Date(now - (240 - index) * 5_000).toISOString(),
  }));
  await milepost.call('POST', '/api/v1/positions', positions);
}

async function newPage(browser: Browser, username: string, path = '/'): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await openAs(page, milepost, path, username, PASSWORD);
  return page;
}

const open = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).click();

test('the login and the demo’s page of logins are within reach, and the demo signs in with one click', async ({
  page,
}) => {
  await page.goto(milepost.url);
  await expect(page.getByLabel('Username')).toBeFocused();
  await expectAccessible(page);
  await milepost.call('POST', '/api/v1/tenants', { id: 'haulage', name: 'Hill Haulage' });
  const login = { username: 'haulage', password: PASSWORD, role: 'manager', tenant: 'haulage' };
  await milepost.call('POST', '/api/v1/users', login);
  await page.goto(`${milepost.url}/demo#${PASSWORD}`);
  await expectAccessible(page);
  await page.getByRole('button', { name: /^Open.*Hill Haulage/ }).click();
  await expect(page).toHaveURL(/\/map$/);
});

test('an operator goes from the late bus to its trip and its day, by the keyboard alone', async ({ page }) => {
  const foreign = foreignRequests(page, milepost.url);
  await openAs(page, milepost, '/', 'manager', PASSWORD);
  await expect(page).toHaveURL(/\/map$/);
  await expect(page.getByRole('option', { name: /School bus 7/ })).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('/');
  await page.keyboard.type('bus 7');
  await page.getByRole('listbox').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Details of School bus 7' })).toContainText('Live');
  await expectAccessible(page);

  await open(page, 'Trips');
  await expect(page.getByRole('table', { name: 'Trips' })).toContainText('School bus 7');
  await expectAccessible(page);
  await page.getByRole('link', { name: 'School bus 7' }).first().click();
  await expect(page.getByRole('heading', { name: 'Trip of School bus 7' })).toBeVisible();
  const seek = page.getByRole('slider', { name: 'Time of day' });
  const before = await seek.inputValue();
  await seek.press('PageDown');
  expect(await seek.inputValue()).not.toBe(before);
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Replay this trip' }).click();
  await page.getByRole('button', { name: '1,000×' }).click();
  const start = await page.locator('.clock').textContent();
  await page.getByRole('button', { name: 'Play' }).click();
  await expect(page.locator('.clock')).not.toHaveText(start ?? '');
  await expectAccessible(page);
  expect(foreign).toEqual([]);
});

test('a geofence is added by typed centre and radius, tells who is inside, and is deleted', async ({ page }) => {
  await milepost.ping(kiosk, 22.57, 88.51);
  await openAs(page, milepost, '/geofences', 'manager', PASSWORD);
  await page.getByRole('button', { name: 'Add a circle' }).click();
  await page.getByLabel('Name').fill('Depot');
  await page.getByLabel('Latitude').fill('22.57');
  await page.getByLabel('Longitude').fill('88.51');
  await page.getByLabel('Radius, metres').fill('500');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Save' }).click();
  const row = page.getByRole('button', { name: /Depot/ });
  await expect(row).toContainText('1 inside now');
  await row.click();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('No geofence yet')).toBeVisible();
});

test('an area is drawn on the map, and its shape is changed', async ({ page }) => {
  await openAs(page, milepost, '/geofences', 'manager', PASSWORD);
  await page.getByRole('button', { name: 'Draw an area' }).click();
  await expect(page.getByText(/Click on the map for each corner/)).toBeVisible();
  const box = (await page.locator('.map-canvas').boundingBox())!;
  const corners = [
    [300, 200],
    [450, 200],
    [450, 330],
    [300, 330],
  ] as const;
  await page.waitForTimeout(1_500); // the tool is being loaded
  for (const [x, y] of corners) await page.mouse.click(box.x + x, box.y + y);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Use this shape' }).click();
  await page.getByLabel('Name').fill('Drawn');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: /Drawn/ }).click();
  await page.getByRole('button', { name: 'Change the shape' }).click();
  await expect(page.getByRole('button', { name: 'Use this shape' })).toBeEnabled();
  await page.getByRole('button', { name: 'Use this shape' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  const { items } = await milepost.call('GET', '/api/v1/geofences');
  const drawn = (items as { id: number; name: string; geometry: { coordinates: number[][][] } }[]).find(
    ({ name }) => name === 'Drawn',
  )!;
  expect(drawn.geometry.coordinates[0]).toHaveLength(5);
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('No geofence yet')).toBeVisible();
});

test('shapes of a GeoJSON file become geofences', async ({ page }) => {
  await openAs(page, milepost, '/geofences', 'manager', PASSWORD);
  await page.getByRole('button', { name: 'Import GeoJSON' }).click();
  const ring = (from: number, to: number) => [
    [from, 0],
    [to, 0],
    [to, 1],
    [from, 1],
    [from, 0],
  ];
  const feature = (name: string, from: number) => ({
    type: 'Feature',
    properties: { name },
    geometry: { type: 'Polygon', coordinates: [ring(from, from + 1)] },
  });
  const text = JSON.stringify({ type: 'FeatureCollection', features: [feature('West', 10), feature('East', 20)] });
  const file = { name: 'areas.geojson', mimeType: 'application/geo+json', buffer: Buffer.from(text) };
  await page.locator('input[type=file]').setInputFiles(file);
  await expect(page.getByText('2 shapes')).toBeVisible();
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByText('2 geofences were added.')).toBeVisible();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await expect(page.getByRole('button', { name: /West/ })).toBeVisible();
  expect(((await milepost.call('GET', '/api/v1/geofences')).items as unknown[]).length).toBe(2);
});

test('an alert that one marks read is read for the other within a moment', async ({ browser }) => {
  const raised = { type: 'fuel_theft', title: 'Fuel theft', message: '40 l are missing', vehicle_id: kiosk.vehicleId };
  const { id } = await milepost.call('POST', '/api/v1/alerts', raised);
  const first = await newPage(browser, 'manager', '/alerts');
  const second = await newPage(browser, 'manager', '/alerts');
  const alert = (page: Page) => page.locator(`[data-alert-id="${id}"]`);
  await expect(alert(first)).toContainText('Critical');
  await expect(alert(second)).toBeVisible();
  await expectAccessible(first);
  await alert(first).getByRole('button', { name: 'Mark as read' }).click();
  await expect(alert(second)).toHaveCount(0);
});

test('an admin adds a vehicle, a device whose key is shown once, and a user', async ({ page }) => {
  await openAs(page, milepost, '/admin/vehicles', milepost.username, milepost.password);
  await page.getByRole('button', { name: 'Add a vehicle' }).click();
  await page.getByLabel('Name').fill('Truck 1');
  await page.getByLabel('Kind').fill('truck');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('row', { name: /Truck 1/ })).toBeVisible();
  await expectAccessible(page);

  await page.getByRole('link', { name: 'Devices' }).click();
  await page.getByRole('button', { name: 'Add a device' }).click();
  await page.getByLabel('Vehicle').selectOption({ label: 'Truck 1' });
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const key = await page.getByLabel('Secret key').inputValue();
  expect(key.length).toBeGreaterThan(20);
  await expect(page.getByRole('img', { name: /QR code/ })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'I have kept the key' }).click();
  await expect(page.getByText(key)).toHaveCount(0);

  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByRole('button', { name: 'Add a user' }).click();
  await page.getByLabel('Username').fill('newcomer');
  await page.getByLabel('Password').fill('short');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('password');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Save' }).click();
  const newcomer = page.getByRole('row', { name: /newcomer/ });
  await expect(newcomer).toBeVisible();
  await expectAccessible(page);
  await newcomer.getByRole('button', { name: 'Invite' }).click();
  const link = await page.getByLabel('Link', { exact: true }).inputValue();
  expect(new URL(link).origin).toBe(milepost.url);
  expect((await page.request.get(link)).status()).toBe(200);
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  for (const tab of ['Webhooks', 'Thresholds']) {
    await page.getByRole('link', { name: tab }).click();
    await expectAccessible(page);
  }
});

test('a vehicle that somebody else has changed is not overwritten: both values are shown', async ({ page }) => {
  await openAs(page, milepost, '/admin/vehicles', milepost.username, milepost.password);
  await page
    .getByRole('row', { name: /School bus 8/ })
    .getByRole('button', { name: 'Edit' })
    .click();
  await page.getByLabel('Plate').fill('MINE');
  const { items } = await milepost.call('GET', '/api/v1/vehicles');
  const { id } = (items as { id: string; label: string }[]).find(({ label }) => label === 'School bus 8')!;
  await milepost.call('PATCH', `/api/v1/vehicles/${id}`, { license_plate: 'THEIRS' });
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('row', { name: 'Plate THEIRS MINE' })).toBeVisible();
  await page.getByRole('button', { name: 'Save mine' }).click();
  await expect(page.getByRole('row', { name: /School bus 8/ })).toContainText('MINE');
});

test('two of the staff on one score: the second is shown both values, and the cadet sees the winner', async ({
  browser,
}) => {
  const first = await newPage(browser, 'staff');
  const second = await newPage(browser, 'second');
  const mine = await newPage(browser, 'cadet');
  await expect(mine.getByRole('heading', { name: 'My records' })).toBeVisible();
  const cell = (page: Page, score = 'prelim_score') =>
    page.locator(`[data-cadet-id="${cadet}"] [data-score="${score}"]`);
  await expectAccessible(first);
  await cell(second).fill('90');
  await cell(first).fill('80,5');
  await cell(first).press('Enter');
  await expect(first.locator('[data-index="1"] [data-score="prelim_score"]')).toBeFocused();
  await expect(mine.locator('.figures')).toContainText('80.5');
  await cell(second).press('Enter');
  const conflict = second.getByRole('alert');
  await expect(conflict).toContainText('80.5');
  await expect(conflict).toContainText('90');
  await expectAccessible(second);
  await conflict.getByRole('button', { name: 'Save mine' }).click();
  await expect(cell(first)).toHaveValue('90');
  await expect(mine.locator('.figures')).toContainText('90');
  await expectAccessible(mine);
});

test('a cadet gets a notification at once and reads it', async ({ browser, page }) => {
  await openAs(page, milepost, '/inbox', 'cadet', PASSWORD);
  await expect(page.getByText('Nothing here yet')).toBeVisible();
  const staff = await newPage(browser, milepost.username, '/inbox').catch(() => null);
  await staff?.close();
  const users = (await milepost.call('GET', '/api/v1/users')).items as { id: number; username: string }[];
  const { id } = users.find(({ username }) => username === 'cadet')!;
  await milepost.call('POST', '/api/v1/notifications', { user_ids: [id], message: 'Drill moves to 09:00.' });
  await expect(page.getByText('Drill moves to 09:00.')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Mark as read' }).click();
  await expect(page.getByRole('button', { name: 'Mark as read' })).toHaveCount(0);
});

test('a parent sees the one bus, in words before the map', async ({ page }) => {
  await milepost.ping(kiosk, 22.58, 88.52, 30, 90);
  await openAs(page, milepost, '/', 'parent', PASSWORD);
  await expect(page.getByRole('heading', { name: 'My child’s bus' })).toBeVisible();
  await expect(page.locator('.family-card')).toHaveCount(1);
  await expect(page.locator('.family-card')).toContainText('School bus 7');
  await expect(page.locator('.family-card')).toHaveAttribute('data-freshness', 'live');
  await expectAccessible(page);
  await page.goto(`${milepost.url}/admin/users`);
  await expect(page.getByText('This page is not for your account')).toBeVisible();
});

test('a parent makes a report of its bus, and is offered no kind that is not its own', async ({ page }) => {
  await openAs(page, milepost, '/', 'parent', PASSWORD);
  await page.getByRole('link', { name: 'Reports' }).click();
  const kinds = page.getByLabel('Report', { exact: true }).getByRole('option');
  await expect(kinds).toHaveText(['Trips', 'Stops', 'Mileage', 'Utilisation']);
  await page.getByRole('button', { name: 'Show report' }).click();
  const row = page.getByRole('row', { name: /School bus 7/ });
  await expect(row).toBeVisible();
  await expect(page.getByText('School bus 8')).toHaveCount(0);
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/parent-report.png' });
});

test('a client finds its parcels, and an operator’s board moves with them', async ({ browser, page }) => {
  const users = (await milepost.call('GET', '/api/v1/users')).items as { id: number; username: string }[];
  const client = users.find(({ username }) => username === 'client')!.id;
  const place = { lat: 22.57, lng: 88.36, address: 'Park Street' };
  const { id } = await milepost.call('POST', '/api/v1/parcels', {
    client_id: client,
    pickup: place,
    destination: place,
  });
  await openAs(page, milepost, '/', 'client', PASSWORD);
  await expect(page.locator(`[data-parcel-id="${id}"]`)).toContainText('Park Street');
  await expectAccessible(page);
  const board = await newPage(browser, 'manager', '/parcels');
  await expect(board.getByRole('region', { name: /Waiting for a driver/ })).toContainText(`Parcel ${id}`);
  await expectAccessible(board);
});

test('the pages speak Indonesian, name the zone, and measure as the viewer chose', async ({ page }) => {
  await openAs(page, milepost, '/trips', 'manager', PASSWORD);
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByLabel('Language').selectOption('id');
  await expect(page.getByRole('heading', { name: 'Setelan' })).toBeVisible();
  await page.getByLabel('Zona waktu').selectOption('Asia/Jakarta');
  await page.keyboard.press('Escape');
  await expect(page.getByText('Waktu dalam WIB')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'id');
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Perjalanan' })).toBeVisible();
});

for (const path of ['/map', '/trips', '/history', '/alerts', '/geofences', '/parcels', '/admin/vehicles', '/inbox']) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`${path} on a phone, ${colorScheme}`, () => {
      test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, colorScheme });

      test('fits the screen, and nothing is out of reach', async ({ page }) => {
        await openAs(page, milepost, path, 'manager', PASSWORD);
        await expect(page.locator('#content')).toBeVisible();
        await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
        await expectAccessible(page);
      });
    });
  }
}
