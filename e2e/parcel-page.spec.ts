import { type Browser, expect, type Page, test } from '@playwright/test';
import { Milepost } from '../clients/testing/milepost';
import { expectAccessible } from './axe';
import { foreignRequests, openAs } from './browser';

const PASSWORD = 'a-long-enough-password';
let milepost: Milepost;
let driver: number;
let client: number;

test.beforeAll(async () => {
  milepost = await Milepost.start();
  driver = await milepost.addUser('driver-5', PASSWORD, 'driver');
  client = await milepost.addUser('client-9', PASSWORD, 'client');
  await milepost.addUser('client-10', PASSWORD, 'client');
});

test.afterAll(() => milepost.remove());

const state = (page: Page) => page.getByLabel('Connection');

/** A driver's phone that has a token and no session. It sends its position and waits until the server sends it back. */
async function startPhone(browser: Browser, parcel: number) {
  const credentials = { username: 'driver-5', password: PASSWORD };
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${milepost.url}/docs`); // any page of the server has the right origin
  await page.evaluate(
    async ([parcelId, body]) => {
      const answer = await fetch('/api/token', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body,
      });
      const { access } = (await answer.json()) as { access: string };
      const socket = new WebSocket(`ws://${location.host}/ws/tracking/?parcel_id=${parcelId}&token=${access}`);
      await new Promise((opened) => (socket.onopen = opened));
      Object.assign(window, { socket });
    },
    [String(parcel), JSON.stringify(credentials)] as const,
  );
  return (lat: number, lng: number, address: string) =>
    page.evaluate(
      (message) =>
        new Promise<void>((done) => {
          const { socket } = window as unknown as { socket: WebSocket };
          socket.onmessage = ({ data }) => String(data).includes(message.address) && done();
          socket.send(JSON.stringify(message));
        }),
      { type: 'location_update', lat, lng, address, parcel_id: parcel },
    );
}

test('the client sees the truck move, and is notified of zones, status and the end', async ({ page, browser }) => {
  const foreign = foreignRequests(page, milepost.url);
  const parcel = await milepost.addParcel(client, driver);
  const send = await startPhone(browser, parcel);
  await openAs(page, milepost, `/parcels/${parcel}`, 'client-9', PASSWORD);
  await expect(state(page)).toHaveText('Live');
  await expect(page.getByRole('heading')).toHaveText('A driver will fetch it');
  await expectAccessible(page);
  await expect(page.getByText('Connaught Place, New Delhi')).toBeVisible();
  await expect(page.locator('.mark-of-pickup')).toBeVisible();
  await expect(page.locator('.mark-of-destination')).toBeVisible();

  await send(28.6314, 77.2168, 'Outer Circle');
  const truck = page.locator('.mark-of-truck');
  await expect(truck).toBeVisible();
  await expect(page.getByText('The driver is at the pickup')).toBeVisible();
  await milepost.call('PATCH', `/api/v1/parcels/${parcel}`, { status: 'in_transit' });
  await expect(page.getByRole('heading')).toHaveText('On the way');
  await page.waitForTimeout(300);
  const before = await truck.boundingBox();
  await send(28.6122, 77.2371, 'India Gate');
  await expect(page.getByText('India Gate')).toBeVisible();
  await expect(page.getByText('The driver has left the pickup')).toBeVisible();
  await expect(page.getByText(/^about \d+ min/)).toBeVisible();
  await expect.poll(async () => ((await truck.boundingBox())?.x ?? 0) > (before?.x ?? 0) + 20).toBe(true);
  await page.waitForTimeout(2_200); // the glide
  await page.screenshot({ path: 'screenshots/parcel-desktop.png' });

  await send(28.5709, 77.326, 'Sector 18');
  await expect(page.getByText('The driver is at the destination')).toBeVisible();
  await milepost.call('PATCH', `/api/v1/parcels/${parcel}`, { status: 'delivered' });
  await expect(page.getByText('The parcel has been delivered')).toBeVisible();
  await expect(page.getByRole('heading')).toHaveText('Delivered');
  expect(foreign).toEqual([]);
});

test('another client’s parcel is not shown', async ({ page }) => {
  const parcel = await milepost.addParcel(client, driver);
  await openAs(page, milepost, `/parcels/${parcel}`, 'client-10', PASSWORD);
  await expect(page.getByRole('heading')).toHaveText('This parcel can’t be shown');
  await expect(page.locator('.mark')).toHaveCount(0);
});

test('after a server restart the page comes back by itself and has what it missed', async ({ page }) => {
  const parcel = await milepost.addParcel(client, driver);
  await openAs(page, milepost, `/parcels/${parcel}`, 'client-9', PASSWORD);
  await expect(state(page)).toHaveText('Live');
  await milepost.halt();
  await expect(state(page)).toHaveText(/Offline|Connecting/);
  await milepost.resume();
  await milepost.call('PATCH', `/api/v1/parcels/${parcel}`, { status: 'picked_up' });
  await expect(page.getByRole('heading')).toHaveText('Picked up', { timeout: 40_000 });
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

    test('map and messages share the screen', async ({ page, browser }) => {
      const parcel = await milepost.addParcel(client, driver);
      const send = await startPhone(browser, parcel);
      await openAs(page, milepost, `/parcels/${parcel}`, 'client-9', PASSWORD);
      await expect(state(page)).toHaveText('Live');
      await send(28.6122, 77.2371, 'India Gate');
      await milepost.call('PATCH', `/api/v1/parcels/${parcel}`, { status: 'in_transit' });
      await expect(page.locator('.mark-of-truck')).toBeInViewport();
      await expect(page.locator('.toast', { hasText: 'On the way' })).toBeVisible();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      await page.waitForTimeout(800); // the map is drawn
      await page.screenshot({ path: `screenshots/parcel-phone-${colorScheme}.png` });
    });
  });
}
