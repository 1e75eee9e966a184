import { expect, test } from '@playwright/test';
import { type Kiosk, Milepost } from '../clients/testing/milepost';
import { foreignRequests, signIn } from './browser';

let milepost: Milepost;
let kiosk: Kiosk;

test.beforeAll(async () => {
  milepost = await Milepost.start();
  kiosk = await milepost.addKiosk('School bus 7', 'WB01AB1234');
});

test.afterAll(() => milepost.remove());

test('a wrong password is refused in words and the form stays', async ({ page }) => {
  await page.goto(milepost.url);
  await page.getByLabel('Username').fill(milepost.username);
  await page.getByLabel('Password').fill('not-the-password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('That username and password don’t match.');
  await expect(page.getByLabel('Username')).toBeVisible();
});

test('a ping by plain HTTP moves the bus on the page, which asks no other host for anything', async ({ page }) => {
  const foreign = foreignRequests(page, milepost.url);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) problems.push(message.text());
  });
  await signIn(page, milepost);
  const row = page.locator(`[data-vehicle-id="${kiosk.vehicleId}"]`);
  await expect(row).toContainText('School bus 7');

  await milepost.ping(kiosk, 22.5726, 88.3639, 45, 90);
  await expect(row).toHaveAttribute('data-latitude', '22.5726');
  await expect(row).toContainText('45 km/h');
  await expect(row).toHaveAttribute('data-stale', 'false');
  await row.click();
  await expect(page.getByLabel('Details of School bus 7')).toContainText('22.57260, 88.36390');

  // The flight to the bus has ended when two pictures are the same. Later changes come from the bus.
  const canvas = page.locator('.map-canvas canvas');
  let before = await canvas.screenshot();
  await expect(async () => {
    const last = before;
    await page.waitForTimeout(700);
    before = await canvas.screenshot();
    expect(before.equals(last)).toBe(true);
  }).toPass();
  await milepost.ping(kiosk, 22.5741, 88.3655, 38, 45);
  await expect(row).toHaveAttribute('data-longitude', '88.3655');
  await expect(page.getByLabel('Details of School bus 7')).toContainText('North-east');
  await expect.poll(async () => (await canvas.screenshot()).equals(before)).toBe(false);
  await page.screenshot({ path: 'screenshots/desktop-light.png' });
  await page.getByRole('button', { name: 'Close details' }).click();
  await expect(page.getByText('1 viewing now')).toBeVisible();

  expect(foreign).toEqual([]);
  expect(problems).toEqual([]);
});

test('search finds by plate and says when nothing matches', async ({ page }) => {
  await signIn(page, milepost);
  const search = page.getByRole('searchbox');
  await search.fill('wb01ab');
  await expect(page.getByRole('listbox').getByRole('option')).toHaveCount(1);
  await search.fill('no such bus');
  await expect(page.getByText('No bus matches.')).toBeVisible();
});

test('after a server restart the page comes back by itself and shows the newest position', async ({ page }) => {
  await signIn(page, milepost);
  const state = page.locator('.page');
  await milepost.halt();
  await expect(page.getByLabel(/^Connection: /)).toHaveText(/Offline|Connecting/);
  await milepost.resume();
  await milepost.ping(kiosk, 22.58, 88.37, 20, 180);
  await expect(state).toHaveAttribute('data-connection', 'connected', { timeout: 40_000 });
  await expect(page.locator(`[data-vehicle-id="${kiosk.vehicleId}"]`)).toHaveAttribute('data-latitude', '22.58');
});

test('signing out leads back to the login and stays there', async ({ page }) => {
  await signIn(page, milepost);
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByLabel('Password')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Password')).toBeVisible();
});

test('a user who is deactivated while watching is led to the login', async ({ page }) => {
  const user = await milepost.addUser('watcher', 'a-long-enough-password', 'manager');
  await signIn(page, milepost, 'watcher', 'a-long-enough-password');
  await milepost.deactivateUser(user);
  await expect(page.getByText('Your session has ended')).toBeVisible();
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

    test('the list is a sheet, and a tap shows the bus', async ({ page }) => {
      await milepost.ping(kiosk, 22.5726, 88.3639, 45, 90);
      await signIn(page, milepost);
      await page.screenshot({ path: `screenshots/phone-list-${colorScheme}.png` });
      await page.locator(`[data-vehicle-id="${kiosk.vehicleId}"]`).tap();
      await expect(page.getByLabel('Details of School bus 7')).toBeVisible();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBe(390);
      await page.waitForTimeout(2_500); // the flight to the bus
      await page.screenshot({ path: `screenshots/phone-bus-${colorScheme}.png` });
    });
  });
}

test('the API reference is shown from this server alone', async ({ page }) => {
  const foreign = foreignRequests(page, milepost.url);
  await signIn(page, milepost);
  await page.goto(`${milepost.url}/docs`);
  await page.locator('#operations-tag-vehicles').click();
  await expect(page.getByText('/api/v1/vehicles', { exact: true }).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Authorize' })).toBeVisible();
  expect(foreign).toEqual([]);
});
