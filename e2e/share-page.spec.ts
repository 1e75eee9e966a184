/** The page of a share: an operator makes its link, a guest follows the vehicles, and the operator recalls it. */

import { type Browser, expect, type Page, test } from '@playwright/test';
import { type Kiosk, Milepost } from '../clients/testing/milepost';
import { expectAccessible } from './axe';
import { foreignRequests, signIn } from './browser';

let milepost: Milepost;
let seven: Kiosk;
let eight: Kiosk;

test.beforeAll(async () => {
  milepost = await Milepost.start();
  seven = await milepost.addKiosk('School bus 7', 'WB01AB1234');
  eight = await milepost.addKiosk('School bus 8', 'WB01AB5678');
  await report(seven, 88.36);
  await report(eight, 88.4);
});

test.afterAll(() => milepost.remove());

const report = (kiosk: Kiosk, longitude: number, ageMs = 0) =>
  milepost.call('POST', '/api/v1/positions', {
    vehicle_id: kiosk.vehicleId,
    latitude: 22.57,
    longitude,
    speed: 38,
    heading: 90,
    timestamp: new Date(Date.now() - ageMs).toISOString(),
  });

async function makeLink(vehicles: Kiosk[], lastsMs = 3_600_000, name = 'Morning run'): Promise<string> {
  const share = await milepost.call('POST', '/api/v1/shares', {
    name,
    vehicle_ids: vehicles.map(({ vehicleId }) => vehicleId),
    expires_at: new Date(Date.now() + lastsMs).toISOString(),
  });
  return `${milepost.url}/s#${String(share.token)}`;
}

const newGuest = async (browser: Browser): Promise<Page> => (await browser.newContext()).newPage();
const card = (page: Page, kiosk: Kiosk) => page.locator(`.family-card[data-vehicle-id="${kiosk.vehicleId}"]`);
const marker = (page: Page, name: string) =>
  page.getByRole('img', { name, exact: true }).and(page.locator('.track-marker'));

test('an operator shares a vehicle from its panel, a guest follows it, and sees that it is recalled', async ({
  page,
  browser,
}) => {
  await signIn(page, milepost);
  await page.getByRole('option', { name: /School bus 7/ }).click();
  await page.getByRole('button', { name: 'Share' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByLabel('Name')).toHaveValue('School bus 7');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const link = await dialog.getByLabel('Link', { exact: true }).first().inputValue();
  expect(link).toMatch(/\/s#mpg_/);
  await page.screenshot({ path: 'screenshots/share-made.png' });
  await dialog.getByRole('button', { name: 'Done' }).click();

  const guest = await newGuest(browser);
  const foreign = foreignRequests(guest, milepost.url);
  const asked: string[] = [];
  guest.on('request', (request) => asked.push(request.url()));
  let closedMs = 0;
  guest.on('websocket', (socket) => {
    asked.push(socket.url());
    socket.on('close', () => {
      closedMs = Date.now();
    });
  });
  await guest.goto(link);
  await expect(guest.getByLabel('Connection')).toHaveText('Live');
  await expect(guest.getByRole('heading')).toHaveText('School bus 7');
  await expect(guest.getByText(/^Shared with you until/)).toBeVisible();
  await expect(card(guest, seven)).toContainText('38 km/h');
  await expect(card(guest, eight)).toHaveCount(0);
  await expect(marker(guest, 'School bus 7')).toBeInViewport();
  await expectAccessible(guest);
  await guest.waitForTimeout(500); // the map is drawn
  await guest.screenshot({ path: 'screenshots/share-desktop.png' });
  const before = await marker(guest, 'School bus 7').boundingBox();
  await report(seven, 88.362);
  await expect
    .poll(async () => ((await marker(guest, 'School bus 7').boundingBox())?.x ?? 0) > (before?.x ?? 0) + 5)
    .toBe(true);
  // The token is in no address but that of the page, which browsers keep to themselves.
  expect(asked.filter((address) => address.includes('mpg_') && !address.includes('#'))).toEqual([]);
  expect(foreign).toEqual([]);

  await page.goto(`${milepost.url}/admin/shares`);
  const row = page.getByRole('row', { name: /School bus 7/ });
  await expect(row).toContainText('once');
  await expect(row).toContainText(milepost.username);
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/shares.png' });
  await row.getByRole('button', { name: 'Recall' }).click();
  const recalled = page.waitForResponse((response) => response.request().method() === 'DELETE');
  await page.getByRole('dialog').getByRole('button', { name: 'Recall' }).click();
  await recalled;
  const recalledMs = Date.now();
  await expect(guest.getByRole('heading')).toHaveText('This link was recalled', { timeout: 3_000 });
  // The server closes it at once, as its own tests say. This counts the browser's events, which come late while it draws a map.
  expect(closedMs).toBeGreaterThan(0);
  expect(closedMs - recalledMs).toBeLessThan(3_000);
  await expect(row).toContainText('recalled');
  await guest.screenshot({ path: 'screenshots/share-recalled.png' });
  await guest.reload();
  await expect(guest.getByRole('heading')).toHaveText('This link was recalled');
});

test('what the map is narrowed to is shared with one link', async ({ page, browser }) => {
  await signIn(page, milepost);
  await page.getByRole('searchbox').fill('school');
  await page.getByRole('button', { name: 'Share these 2 buses' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('All of the school');
  await dialog.getByLabel('Ends').selectOption('on a day of my choice');
  await expect(dialog.getByLabel('Last day')).toBeVisible();
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const link = await dialog.getByLabel('Link', { exact: true }).first().inputValue();
  const guest = await newGuest(browser);
  await guest.goto(link);
  await expect(guest.getByRole('heading')).toHaveText('All of the school');
  await expect(guest.locator('.family-card')).toHaveCount(2);
  await guest.getByRole('button', { name: 'Where it is' }).first().click();
  await expect(guest.getByRole('button', { name: 'Where it is' }).first()).toHaveAttribute('aria-pressed', 'true');
});

test('a link that is cut, unknown or over says what to do', async ({ page }) => {
  for (const token of ['', '#', '#mpg_nothing']) {
    await page.goto(`${milepost.url}/s${token}`);
    await expect(page.getByRole('heading')).toHaveText('We don’t know this link');
  }
  const link = await makeLink([seven], 4_000, 'A short while');
  await page.goto(link);
  await expect(page.getByRole('heading')).toHaveText('A short while');
  await expect(page.getByRole('heading')).toHaveText('This link has ended');
  await expect(page.getByText(/“A short while” was shared until/)).toBeVisible();
  await page.screenshot({ path: 'screenshots/share-ended.png' });
  // Another link in the same window.
  await page.goto(await makeLink([eight]));
  await expect(page.getByRole('heading')).toHaveText('Morning run');
});

test('a vehicle that is silent for long is hollow', async ({ page }) => {
  await page.clock.install();
  await page.goto(await makeLink([eight]));
  await expect(card(page, eight)).toHaveAttribute('data-freshness', 'live');
  await page.clock.fastForward(700_000);
  await expect(card(page, eight)).toContainText('No signal since');
  await expect(marker(page, 'School bus 8')).toHaveAttribute('data-hollow', 'true');
});

test('a guest’s page goes on after the server was away', async ({ page }) => {
  await page.goto(await makeLink([seven]));
  await expect(page.getByLabel('Connection')).toHaveText('Live');
  await milepost.halt();
  await expect(page.getByLabel('Connection')).toHaveText(/Offline|Connecting/);
  await expect(page.getByRole('heading')).toHaveText('Morning run');
  await milepost.resume();
  await expect(page.getByLabel('Connection')).toHaveText('Live', { timeout: 40_000 });
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`on a phone, ${colorScheme}`, () => {
    test.use({
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
      deviceScaleFactor: 2,
      colorScheme,
    });

    test('words come before the map', async ({ page }) => {
      await report(seven, 88.36);
      await page.goto(await makeLink([seven, eight]));
      await expect(card(page, seven)).toBeInViewport();
      await expect(marker(page, 'School bus 7')).toBeAttached();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      const words = (await card(page, seven).boundingBox())?.y ?? 0;
      expect(words).toBeLessThan((await page.locator('.track-map').boundingBox())?.y ?? 0);
      await page.screenshot({ path: `screenshots/share-phone-${colorScheme}.png` });
      await page.locator('.track-map').scrollIntoViewIfNeeded();
      for (const name of ['School bus 7', 'School bus 8']) await expect(marker(page, name)).toBeInViewport();
      await page.waitForTimeout(800); // the map is drawn
      await page.screenshot({ path: `screenshots/share-phone-map-${colorScheme}.png` });
    });
  });
}

test('a guest whose browser speaks Indonesian reads it', async ({ browser }) => {
  const page = await (await browser.newContext({ locale: 'id-ID' })).newPage();
  await page.goto(await makeLink([seven]));
  await expect(page.getByText(/^Dibagikan kepada Anda sampai/)).toBeVisible();
});
