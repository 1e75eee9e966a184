import { expect, type Page, test } from '@playwright/test';
import { Milepost } from '../clients/testing/milepost';
import { expectAccessible } from './axe';
import { foreignRequests } from './browser';

let milepost: Milepost;

test.beforeAll(async () => {
  milepost = await Milepost.start();
});

test.afterAll(() => milepost.remove());

async function startDelivery(dropoff_lat = 5.6037, dropoff_lng = -0.1869): Promise<string> {
  const body = { order_id: 'ORD-12345', rider_id: 'RIDER-789', dropoff_lat, dropoff_lng };
  return String((await milepost.call('POST', '/tracking/start', body)).tracking_id);
}

const update = (trackingId: string, body: object) => milepost.call('POST', `/tracking/update/${trackingId}`, body);
const state = (page: Page) => page.getByLabel('Connection');
const step = (page: Page) => page.locator('[aria-current="step"]');

test('a reader with the link follows the delivery to its end, without a login and without the rider’s name', async ({
  page,
}) => {
  const foreign = foreignRequests(page, milepost.url);
  const heard: string[] = [];
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => heard.push(String(payload))));
  const trackingId = await startDelivery();
  await page.goto(`${milepost.url}/track/${trackingId}`);
  await expect(state(page)).toHaveText('Live');
  await expect(page.getByRole('heading')).toHaveText('Your order is about to be picked up');
  await expect(step(page)).toHaveText('Rider assigned');
  await expect(page.locator('.mark-of-destination')).toBeVisible();
  await expect(page.getByText(/^about/)).toHaveCount(0);

  await update(trackingId, { lat: 5.6301, lng: -0.2052, status: 'IN_TRANSIT' });
  await expect(step(page)).toHaveText('On the way');
  await expect(page.getByText(/^about \d+ min/)).toBeVisible();
  const rider = page.locator('.mark-of-rider');
  await expect(rider).toBeVisible();
  await expectAccessible(page);
  await page.waitForTimeout(500); // the map has turned to both
  const before = await rider.boundingBox();
  await update(trackingId, { lat: 5.6188, lng: -0.1985 });
  await expect(page.locator('.trip-news')).toHaveAttribute('data-latitude', '5.6188');
  await expect.poll(async () => ((await rider.boundingBox())?.y ?? 0) > (before?.y ?? 0) + 20).toBe(true);
  await page.screenshot({ path: 'screenshots/track-desktop.png' });

  await update(trackingId, { lat: 5.6038, lng: -0.187, status: 'DELIVERED' });
  await expect(page.getByRole('heading')).toHaveText('Your order has been delivered');
  await expect(page.getByText(/^about/)).toHaveCount(0);
  expect(heard.length).toBeGreaterThan(3);
  expect(`${heard.join('')}${await page.content()}`).not.toContain('RIDER-789');
  expect(foreign).toEqual([]);
});

test('an unknown link is answered in friendly words', async ({ page }) => {
  await page.goto(`${milepost.url}/track/TRK-nothing`);
  await expect(page.getByRole('heading')).toHaveText('We can’t find this delivery');
  await page.screenshot({ path: 'screenshots/track-unknown.png' });
});

test('a link that ends while the page is open says so, and so does one opened later', async ({ page }) => {
  const brief = await Milepost.start({ TRACKING_TTL_SECONDS: '4' });
  try {
    const body = { order_id: 'ORD-1', rider_id: 'RIDER-1', dropoff_lat: 5.6, dropoff_lng: -0.18 };
    const trackingId = String((await brief.call('POST', '/tracking/start', body)).tracking_id);
    await page.goto(`${brief.url}/track/${trackingId}`);
    await expect(state(page)).toHaveText('Live');
    await expect(page.getByRole('heading')).toHaveText('This link has ended');
    await page.reload();
    await expect(page.getByRole('heading')).toHaveText('This link has ended');
  } finally {
    await brief.remove();
  }
});

test('a connection that breaks is shown as offline and comes back by itself', async ({ page }) => {
  const trackingId = await startDelivery();
  await page.goto(`${milepost.url}/track/${trackingId}`);
  await expect(state(page)).toHaveText('Live');
  await milepost.halt();
  await expect(state(page)).toHaveText(/Offline|Connecting/);
  await expect(page.getByRole('heading')).toHaveText('Your order is about to be picked up');
  await milepost.resume();
  await update(trackingId, { lat: 5.62, lng: -0.19, status: 'PICKED_UP' });
  await expect(page.getByRole('heading')).toHaveText('Your order has been picked up', { timeout: 40_000 });
});

test('a rider who is silent for long has no arrival, but a time when it was last seen', async ({ page }) => {
  const trackingId = await startDelivery();
  await update(trackingId, { lat: 5.62, lng: -0.19, status: 'IN_TRANSIT' });
  await page.clock.install();
  await page.goto(`${milepost.url}/track/${trackingId}`);
  await expect(page.getByText(/^about/)).toBeVisible();
  await page.clock.fastForward(200_000);
  await expect(page.getByText('Last seen 3 min ago')).toBeVisible();
  await expect(page.getByText(/^about/)).toHaveCount(0);
  await expect(page.locator('.mark-of-rider')).toHaveAttribute('data-stale', 'true');
});

for (const [place, dropoff, rider] of [
  ['over the antimeridian', [-17.8, 179.98], [-17.81, -179.99]],
  ['at the pole', [90, 0], [89.9, 10]],
  ['at 0, 0', [0, 0], [0, 0]],
] as const) {
  test(`${place} rider and destination are side by side`, async ({ page }) => {
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    const trackingId = await startDelivery(...dropoff);
    await update(trackingId, { lat: rider[0], lng: rider[1], status: 'IN_TRANSIT' });
    await page.goto(`${milepost.url}/track/${trackingId}`);
    await expect(page.locator('.mark-of-rider')).toBeInViewport();
    await expect(page.locator('.mark-of-destination')).toBeInViewport();
    expect(await page.locator('.maplibregl-ctrl-scale').textContent()).toMatch(/^(\d+\sm|\d{1,2}\skm)$/); // not half the world
    await page.waitForTimeout(600); // the map is drawn
    await page.screenshot({ path: `screenshots/track-${place.replaceAll(/\W+/g, '-')}.png` });
    expect(problems).toEqual([]);
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`on a phone, ${colorScheme}`, () => {
    test.use({
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
      deviceScaleFactor: 2,
      colorScheme,
    });

    test('map and messages share the screen', async ({ page }) => {
      const trackingId = await startDelivery();
      await update(trackingId, { lat: 5.6301, lng: -0.2052, status: 'IN_TRANSIT' });
      await page.goto(`${milepost.url}/track/${trackingId}`);
      await expect(page.locator('.mark-of-rider')).toBeInViewport();
      await expect(page.locator('.mark-of-destination')).toBeInViewport();
      await expect(page.getByText('Order ORD-12345')).toBeInViewport();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      await page.waitForTimeout(800); // the map is drawn
      await page.screenshot({ path: `screenshots/track-phone-${colorScheme}.png` });
    });
  });
}
