/** traccar-web, built from its source without a change, in Chromium: what an administrator does with it. */

import { expect, type Page, test } from '@playwright/test';

const web = process.env.TRACCAR_URL ?? '';
const server = process.env.MILEPOST_URL ?? '';
const password = process.env.MILEPOST_PASSWORD ?? '';
/** A folder for pictures of each step, if somebody wants to look. */
const pictures = process.env.TRACCAR_PICTURES;
const START = Date.now() - 3_600_000;

test.describe.configure({ mode: 'serial' });

let page: Page;
/** Errors of the page's console, and calls of ours that were refused. The list must stay empty. */
let faults: string[] = [];
/** The page logs out: its socket ends with the session, and the page asks whether it is still signed in. It is answered 401. */
let leaves = false;
/** What a client asks before it is signed in, and what Traccar itself answers so. */
const expected = ['GET /api/session 404'];

async function picture(name: string): Promise<void> {
  if (pictures) await page.screenshot({ path: `${pictures}/${name}.png` });
}

async function api(method: string, path: string, body?: unknown): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const answer = await fetch(`${web}/api/${path}`, { method, headers, body: JSON.stringify(body) });
  expect(answer.ok, `${method} ${path}`).toBe(true);
  return answer;
}

async function report(latitude: number, longitude: number, at: number, more = ''): Promise<void> {
  const place = `lat=${latitude}&lon=${longitude}&timestamp=${at}`;
  const answer = await fetch(`${server}/devices/osmand?id=truck-1&${place}&batt=80&ignition=true${more}`);
  expect(answer.ok).toBe(true);
}

/** Chooses one of a list by its name. */
async function choose(label: string, option: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).first().click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

async function save(): Promise<void> {
  await page.getByRole('button', { name: 'Save' }).click();
}

test.beforeAll(async ({ browser }) => {
  await api('POST', 'devices', { name: 'Truck 1', uniqueId: 'truck-1', category: 'truck' });
  await api('POST', 'devices', { name: 'Van 2', uniqueId: 'van-2', category: 'van' });
  for (let n = 0; n < 60; n += 1) {
    // It drives for twenty minutes and stands for ten.
    const driven = Math.min(n, 40);
    await report(52.5 + driven * 0.002, 13.4, START + n * 30_000, n < 40 ? '&speed=14.4' : '&speed=0');
  }
  page = await browser.newPage({ viewport: { width: 1280, height: 800 }, permissions: ['clipboard-write'] });
  // The map, the flags of languages and the search for places are others': an empty map does.
  const background = { id: 'ground', type: 'background', paint: { 'background-color': '#dfe4ea' } };
  const glyphs = 'https://glyphs.example/{fontstack}/{range}.pbf';
  const style = { version: 8, glyphs, sources: {}, layers: [background], features: [] };
  await page.route(
    (url) => url.host !== new URL(web).host,
    (route) => {
      const isFile = /\.(pbf|svg|png)$/.test(new URL(route.request().url()).pathname);
      return isFile ? route.fulfill({ body: '' }) : route.fulfill({ json: style });
    },
  );
  page.on('console', (message) => {
    const address = message.location().url;
    if (leaves && message.text().includes('401')) return;
    if (message.type() === 'error' && !address.endsWith('/api/session')) faults.push(`${message.text()} ${address}`);
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('response', (response) => {
    const url = new URL(response.url());
    if (leaves && response.status() === 401) return;
    const call = `${response.request().method()} ${url.pathname} ${response.status()}`;
    if (url.host === new URL(web).host && response.status() >= 400 && !expected.includes(call)) faults.push(call);
  });
});

// biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern which fixtures are wanted.
test.afterEach(async ({}, info) => {
  await picture(info.title.replaceAll(/\W+/g, '-'));
  // What the page tells its user of a call that failed.
  await expect(page.locator('.MuiAlert-filledError, .MuiAlert-colorError')).toHaveCount(0);
  const found = faults;
  faults = [];
  expect(found).toEqual([]);
});

test.afterAll(() => page.close());

test('a wrong password is told, and the right one opens the map with its devices', async () => {
  await page.goto(web);
  expected.push('POST /api/session 401');
  await page.locator('input[name=email]').fill('admin');
  await page.locator('input[name=password]').fill('wrong password');
  await page.getByRole('button', { name: 'Login' }).click();
  await expect(page.getByText('Invalid username or password').first()).toBeVisible();
  faults = faults.filter((fault) => !fault.includes('/api/session'));
  await page.locator('input[name=password]').fill(password);
  await page.getByRole('button', { name: 'Login' }).click();
  await expect(page.getByText('Truck 1')).toBeVisible();
  await expect(page.getByText('Van 2')).toBeVisible();
  await expect(page.getByText('Offline')).toHaveCount(1);
});

test('a position is seen the moment that it is reported', async () => {
  await page.getByText('Truck 1').click();
  await expect(page.getByText('Fix Time')).toBeVisible();
  await report(52.61, 13.45, Date.now(), '&speed=33');
  await expect(page.getByText('33.00 kn')).toBeVisible();
  await expect(page.getByText('52.61000°, 13.45000°')).toBeVisible();
  await page.getByText('More Details').click();
  await expect(page.getByText('batteryLevel')).toBeVisible();
});

test('a device is added while the list is open, and found', async () => {
  await page.goto(`${web}/`);
  await expect(page.getByText('Van 2')).toBeVisible();
  await api('POST', 'devices', { name: 'Bike 3', uniqueId: 'bike-3', category: 'bicycle' });
  await expect(page.getByText('Bike 3')).toBeVisible();
  await page.getByPlaceholder('Search Devices').fill('bike');
  await expect(page.getByText('Van 2')).toHaveCount(0);
  await expect(page.getByText('Bike 3')).toBeVisible();
});

test('a path is replayed', async () => {
  const window = `from=${new Date(START - 60_000).toISOString()}&to=${new Date().toISOString()}`;
  await page.goto(`${web}/replay?deviceId=1&${window}`);
  await expect(page.getByText('1/61')).toBeVisible();
  const buttons = page
    .getByText(/^\d+\/61$/)
    .locator('..')
    .getByRole('button');
  const [play, forward] = [buttons.nth(1), buttons.nth(2)];
  await forward.click();
  await expect(page.getByText('2/61')).toBeVisible();
  await play.click();
  await expect(page.getByText(/^([4-9]|\d\d)\/61$/)).toBeVisible();
  await play.click();
});

const reports: [string, string][] = [
  ['combined', 'Truck 1'],
  ['route', '52.5'],
  ['events', 'Truck 1'],
  ['trips', 'Truck 1'],
  ['stops', 'Truck 1'],
  ['summary', 'Truck 1'],
  ['chart', ''],
  ['geofences', ''],
];
for (const [name, text] of reports) {
  test(`the report of ${name} is shown`, async () => {
    const window = `from=${new Date(START - 60_000).toISOString()}&to=${new Date().toISOString()}`;
    const answered = page.waitForResponse((response) => /\/api\/(reports|positions)/.test(response.url()));
    await page.goto(`${web}/reports/${name}?deviceId=1&${window}`);
    expect((await answered).status()).toBe(200);
    if (text) await expect(page.locator('tbody').getByText(text).first()).toBeVisible();
    if (name === 'chart') await expect(page.locator('.recharts-line-curve').first()).toBeVisible();
  });
}

test('a report is downloaded as a workbook', async () => {
  const window = `from=${new Date(START - 60_000).toISOString()}&to=${new Date().toISOString()}`;
  const answer = await page.request.get(`${web}/api/reports/trips/xlsx?deviceId=1&${window}`);
  expect(answer.status()).toBe(200);
  expect((await answer.body()).subarray(0, 2).toString()).toBe('PK');
});

test('a geofence is drawn, named and changed', async () => {
  await page.goto(`${web}/geofences`);
  await page.locator('.mapbox-gl-draw_polygon').click();
  for (const [x, y] of [
    [700, 200],
    [1000, 200],
    [1000, 500],
    [700, 500],
    [700, 500],
  ] as const) {
    await page.mouse.click(x, y, { delay: 30 });
    await page.waitForTimeout(300);
  }
  await expect(page).toHaveURL(/settings\/geofence\/\d+/);
  await page.getByLabel('Name').fill('Yard');
  await save();
  await expect(page).toHaveURL(/geofences/);
  await expect(page.getByText('Yard')).toBeVisible();
  const [drawn] = await (await api('GET', 'geofences')).json();
  expect(drawn.area).toMatch(/^POLYGON \(\(/);
  expect(drawn.name).toBe('Yard');
});

test('a notification is made, and what happens is told on the open page', async () => {
  const [yard] = await (await api('GET', 'geofences')).json();
  await api('PUT', `geofences/${yard.id}`, { ...yard, area: 'CIRCLE (52.7 13.4, 500)' });
  await api('POST', 'permissions', { deviceId: 1, geofenceId: yard.id });
  await page.goto(`${web}/settings/notifications`);
  await page.goto(`${web}/settings/notification`);
  await choose('Type', 'Geofence entered');
  await page.getByLabel('Channels', { exact: true }).first().click();
  await page.getByRole('option', { name: 'Web', exact: true }).click();
  await page.keyboard.press('Escape');
  await page.getByLabel('All Devices').check();
  await save();
  await expect(page).toHaveURL(/settings\/notifications/);
  await page.goto(`${web}/`);
  await expect(page.getByText('Truck 1')).toBeVisible();
  const now = Date.now();
  await report(52.65, 13.4, now, '&speed=20');
  await report(52.7, 13.4, now + 60_000, '&speed=20');
  await report(52.7001, 13.4, now + 120_000, '&speed=20');
  await expect(page.locator('.MuiSnackbar-root').first()).toContainText('Yard');
});

for (const path of [
  'preferences',
  'notifications',
  'devices',
  'device/1',
  'device/1/connections',
  'device/1/command',
  'groups',
  'group',
  'drivers',
  'driver',
  'calendars',
  'calendar',
  'attributes',
  'maintenances',
  'maintenance',
  'commands',
  'command',
  'users',
  'user',
  'user/1',
  'user/1/connections',
  'server',
  'announcement',
  'accumulators/1',
]) {
  test(`the page settings/${path} opens`, async () => {
    await page.goto(`${web}/settings/${path}`);
    await page.waitForLoadState('networkidle');
    await expect(page.locator('main, table, .MuiContainer-root').first()).toBeVisible();
  });
}

test('preferences are kept', async () => {
  await page.goto(`${web}/settings/user/1`);
  await page.getByLabel('Name', { exact: true }).fill('Ada');
  await save();
  await expect(page).not.toHaveURL(/settings\/user\/1/);
  await page.goto(`${web}/settings/user/1`);
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Ada');
});

test('a shared link shows one device to a guest, until it is recalled', async ({ browser }) => {
  // Opened by its address, this page of traccar-web breaks before it has the devices: it is opened from the map.
  await page.goto(`${web}/`);
  await expect(page.getByText('Truck 1')).toBeVisible();
  await page.evaluate(() => {
    history.pushState({}, '', '/settings/device/1/share');
    dispatchEvent(new PopStateEvent('popstate'));
  });
  await page.getByRole('button', { name: 'Show' }).click();
  const link = page.getByLabel('Link');
  await expect(link).toHaveValue(/token=/);
  const guest = await browser.newPage();
  const address = new URL(await link.inputValue());
  await guest.goto(`${web}/${address.search}`);
  await expect(guest.getByText('Truck 1').first()).toBeVisible();
  await expect(guest.getByText('Van 2')).toHaveCount(0);
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ username: 'admin', password });
  const { access } = await (await fetch(`${server}/api/token`, { method: 'POST', headers, body })).json();
  const authorization = `Bearer ${access}`;
  const shares = await (await fetch(`${server}/api/v1/shares`, { headers: { authorization } })).json();
  const recalled = `${server}/api/v1/shares/${shares.items[0].id}`;
  expect((await fetch(recalled, { method: 'DELETE', headers: { authorization } })).status).toBe(204);
  await expect(guest.locator('input[name=email]')).toBeVisible();
  await guest.close();
});

test('logs out', async () => {
  await page.goto(`${web}/`);
  await page.getByRole('button', { name: 'Account' }).click();
  leaves = true;
  await page.getByRole('menuitem', { name: 'Logout' }).click();
  await expect(page.locator('input[name=email]')).toBeVisible();
});
