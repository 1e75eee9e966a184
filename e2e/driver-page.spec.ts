import { expect, type Page, test } from '@playwright/test';
import { Milepost } from '../clients/testing/milepost';
import { expectAccessible } from './axe';
import { openAs } from './browser';

const PASSWORD = 'a-long-enough-password';
let milepost: Milepost;
let driver: number;
let client: number;

test.beforeAll(async () => {
  milepost = await Milepost.start();
  driver = await milepost.addUser('driver-5', PASSWORD, 'driver');
  client = await milepost.addUser('client-9', PASSWORD, 'client');
});

test.afterAll(() => milepost.remove());

test.use({
  permissions: ['geolocation'],
  geolocation: { latitude: 28.6315, longitude: 77.2167, accuracy: 8 },
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
});

interface PathPoint {
  lat: number;
  lng: number;
  timestamp: string;
}

async function path(parcel: number): Promise<PathPoint[]> {
  return (await milepost.call('GET', `/api/v1/parcels/${parcel}/path?limit=500`)).items as PathPoint[];
}

const share = (page: Page) => page.getByRole('switch', { name: 'Share my position' });
const state = (page: Page) => page.getByLabel('Connection');
const queued = (page: Page) => page.locator('.driver').getAttribute('data-queued').then(Number);

test('a driver without a parcel has nothing to share', async ({ page }) => {
  await milepost.addUser('driver-6', PASSWORD, 'driver');
  await openAs(page, milepost, '/driver', 'driver-6', PASSWORD);
  await expect(page.getByText('Nothing to share: you have no parcel now.')).toBeVisible();
  await expect(share(page)).toBeDisabled();
});

test('fixes are sent, kept while offline and over a reload, and are all with the server in order afterwards', async ({
  page,
  context,
}) => {
  const parcel = await milepost.addParcel(client, driver);
  // The phone reports a new fix: one from before the parcel was added does not belong to its path.
  await context.setGeolocation({ latitude: 28.6315, longitude: 77.2167, accuracy: 8 });
  await openAs(page, milepost, '/driver', 'driver-5', PASSWORD);
  await expect(page.getByText('Nobody sees where you are.')).toBeVisible();
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/driver-off.png' });
  await share(page).click();
  await expect(share(page)).toBeChecked();
  await expect(state(page)).toHaveText('Live');
  await expect.poll(async () => (await path(parcel)).length).toBeGreaterThanOrEqual(1);
  expect((await path(parcel))[0]).toMatchObject({ lat: 28.6315, lng: 77.2167 });
  await page.screenshot({ path: 'screenshots/driver-on.png' });

  await context.setOffline(true);
  await expect(state(page)).toHaveText(/Offline|Connecting/);
  const before = await path(parcel);
  const route: [number, number][] = [
    [28.6301, 77.2201],
    [28.6288, 77.2236],
    [28.627, 77.2268],
  ];
  for (const [index, [latitude, longitude]] of route.entries()) {
    await context.setGeolocation({ latitude, longitude, accuracy: 8 });
    await expect.poll(() => queued(page)).toBeGreaterThanOrEqual(index + 1);
  }
  await expect(page.locator('.driver-queue')).toHaveText(/\d positions wait to be sent/);
  await page.screenshot({ path: 'screenshots/driver-offline.png' });
  expect(await path(parcel)).toEqual(before);

  await context.setOffline(false);
  await expect(state(page)).toHaveText('Live');
  await expect.poll(() => queued(page)).toBe(0);
  const after = await path(parcel);
  const places = after.map(({ lat, lng }) => `${lat} ${lng}`);
  const inOrder = places.filter((place, index) => place !== places[index - 1]);
  expect(inOrder).toEqual(['28.6315 77.2167', ...route.map(([lat, lng]) => `${lat} ${lng}`)]);
  const times = after.map(({ timestamp }) => Date.parse(timestamp));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  // The fixes have their own times, about 5 s apart, not the time of the connection.
  expect(times.at(-1)! - times.at(-3)!).toBeGreaterThan(4_000);

  // Offline again: the page is closed while a fix waits, and the next page sends it.
  await context.setOffline(true);
  await context.setGeolocation({ latitude: 28.625, longitude: 77.23, accuracy: 8 });
  await expect.poll(() => queued(page)).toBeGreaterThanOrEqual(1);
  await share(page).click();
  await context.setOffline(false);
  await page.reload();
  await expect.poll(async () => (await path(parcel)).at(-1)?.lat).toBe(28.625);
  await expect(share(page)).not.toBeChecked();
});

test('a killed server loses no fix and stores none twice, and the page goes on by itself', async ({
  page,
  context,
}) => {
  const parcel = await milepost.addParcel(client, driver);
  await context.setGeolocation({ latitude: 28.61, longitude: 77.2, accuracy: 8 });
  await openAs(page, milepost, '/driver', 'driver-5', PASSWORD);
  await share(page).click();
  await expect.poll(async () => (await path(parcel)).length).toBeGreaterThanOrEqual(1);
  await expect.poll(() => queued(page)).toBe(0);
  await milepost.kill();
  const route = [28.611, 28.612, 28.613];
  for (const [index, latitude] of route.entries()) {
    await context.setGeolocation({ latitude, longitude: 77.2, accuracy: 8 });
    await expect.poll(() => queued(page)).toBeGreaterThanOrEqual(index + 1);
  }
  await milepost.resume();
  // The longest wait between two attempts is half a minute.
  await expect(state(page)).toHaveText('Live', { timeout: 40_000 });
  await expect.poll(() => queued(page), { timeout: 40_000 }).toBe(0);
  await share(page).click();
  const points = await path(parcel);
  const times = points.map(({ timestamp }) => Date.parse(timestamp));
  expect(new Set(times).size).toBe(times.length);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const places = points.map(({ lat }) => lat);
  expect(places.filter((place, index) => place !== places[index - 1])).toEqual([28.61, ...route]);
  await milepost.call('PATCH', `/api/v1/parcels/${parcel}`, { status: 'cancelled' });
  await expect(page.locator(`[data-parcel-id="${parcel}"]`)).toHaveCount(0);
});

test('a driver of a vehicle without a device tells its place, and sees its own trips of today', async ({
  page,
  context,
}) => {
  const id = await milepost.addUser('driver-7', PASSWORD, 'driver');
  await milepost.call('POST', '/api/v1/vehicles', { id: 'van-7', label: 'Van 7', kind: 'van', driver_id: id });
  const startMs = Date.now() - 40 * 60_000;
  const positions = Array.from({ length: 180 }, (_, step) => ({
    vehicle_id: 'van-7',
    latitude: 28.6 + Math.min(step, 90) * 0.001,
    longitude: 77.2,
    speed: step < 90 ? 40 : 0,
    timestamp: new Date(startMs + step * 10_000).toISOString(),
  }));
  await milepost.call('POST', '/api/v1/positions', positions);
  const trips = async () => (await milepost.call('GET', '/api/v1/trips?vehicle_id=van-7')).items as unknown[];
  await expect.poll(async () => (await trips()).length).toBe(1);
  await context.setGeolocation({ latitude: 28.6905, longitude: 77.2, accuracy: 8 });
  await openAs(page, milepost, '/driver', 'driver-7', PASSWORD);
  await expect(page.getByRole('heading', { name: 'Your trips today' })).toBeVisible();
  await share(page).click();
  await expect(page.getByText('Also the place of Van 7.')).toBeVisible();
  const place = async () => (await milepost.call('GET', '/api/v1/vehicles/van-7')).position as { latitude: number };
  await expect.poll(async () => (await place()).latitude).toBe(28.6905);
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/driver-vehicle.png' });

  // Off duty: nothing is sent, whatever the phone knows.
  await share(page).click();
  await context.setGeolocation({ latitude: 28.7, longitude: 77.3, accuracy: 8 });
  await expect(page.getByText('Nobody sees where you are.')).toBeVisible();
  await page.reload();
  await expect(share(page)).not.toBeChecked();
  expect((await place()).latitude).toBe(28.6905);
});

test('off duty nothing of the driver is kept, and others see it', async ({ page, context, browser }) => {
  const id = await milepost.addUser('driver-8', PASSWORD, 'driver');
  await milepost.call('POST', '/api/v1/vehicles', { id: 'van-8', label: 'Van 8', kind: 'van', driver_id: id });
  await milepost.call('PATCH', '/api/v1/tenants/default', { off_duty: 'phones' });
  await context.setGeolocation({ latitude: 28.69, longitude: 77.2, accuracy: 8 });
  await openAs(page, milepost, '/driver', 'driver-8', PASSWORD);
  await share(page).click();
  const van = () => milepost.call('GET', '/api/v1/vehicles/van-8');
  await expect.poll(async () => (await van()).position).not.toBeNull();
  await page.getByRole('switch', { name: 'On duty' }).click();
  await expect(page.getByText('Nothing of where you are is kept')).toBeVisible();
  await expect(share(page)).toBeDisabled();
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/driver-off-duty.png' });
  expect((await van()).position).toBeNull();
  const operator = await browser.newPage();
  await openAs(operator, milepost, '/map', milepost.username, milepost.password);
  await expect(operator.locator('[data-vehicle-id="van-8"]')).toContainText('Off duty since');
  await operator.close();
  await page.getByRole('switch', { name: 'On duty' }).click();
  await expect.poll(async () => (await van()).off_duty_since ?? null).toBeNull();
  await milepost.call('PATCH', '/api/v1/tenants/default', { off_duty: 'kept' });
});

test('the driver changes a parcel’s status, and a delivered one leaves the list', async ({ page }) => {
  const parcel = await milepost.addParcel(client, driver);
  await openAs(page, milepost, '/driver', 'driver-5', PASSWORD);
  const card = page.locator(`[data-parcel-id="${parcel}"]`);
  await card.getByRole('button', { name: 'I have it' }).click();
  await card.getByRole('button', { name: 'I am on the way' }).click();
  await card.getByRole('button', { name: 'It is delivered' }).click();
  await expect(card).toHaveCount(0);
  expect((await milepost.call('GET', `/api/v1/parcels/${parcel}`)).status).toBe('delivered');
});

test.describe('without the permission', () => {
  test.use({ permissions: [], colorScheme: 'dark' });

  test('the page says what to do', async ({ page }) => {
    await milepost.addParcel(client, driver);
    await openAs(page, milepost, '/driver', 'driver-5', PASSWORD);
    await share(page).click();
    await expect(page.getByText('The position may not be read.')).toBeVisible();
    await page.screenshot({ path: 'screenshots/driver-refused-dark.png' });
  });
});
