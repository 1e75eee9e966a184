/** What an open page does when the network, the server or another page goes away. */

import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { type Kiosk, Milepost } from '../clients/testing/milepost';
import { signIn } from './browser';

/** After this long everything must be current again. */
const CURRENT_WITHIN_MS = 3_000;

let milepost: Milepost;
let kiosk: Kiosk;

test.beforeAll(async () => {
  milepost = await Milepost.start();
  kiosk = await milepost.addKiosk('School bus 7', 'WB01AB1234');
});

test.afterAll(() => milepost.remove());

const row = (page: Page) => page.locator(`[data-vehicle-id="${kiosk.vehicleId}"]`);
const connection = (page: Page) => page.locator('.page');

function countSockets(page: Page): () => number {
  let open = 0;
  page.on('websocket', (socket) => {
    open += 1;
    socket.on('close', () => {
      open -= 1;
    });
  });
  return () => open;
}

async function raise(title: string): Promise<void> {
  await milepost.call('POST', '/api/v1/alerts', { type: 'system_error', severity: 'critical', title, message: 'm' });
}

/** Whether the page was loaded again since. */
async function markPage(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate(() => Object.assign(window, { isSamePage: true }));
  return () => page.evaluate(() => !('isSamePage' in window));
}

test('after a lost network the page is current within three seconds, without a reload, and keeps what is typed', async ({
  page,
  context,
}) => {
  await milepost.ping(kiosk, 22.5, 88.3);
  await signIn(page, milepost);
  await expect(row(page)).toHaveAttribute('data-latitude', '22.5');
  const wasReloaded = await markPage(page);
  await page.getByRole('searchbox').fill('school');
  await context.setOffline(true);
  await expect(connection(page)).not.toHaveAttribute('data-connection', 'connected');
  await milepost.ping(kiosk, 22.7, 88.3);
  await raise('while away');
  await context.setOffline(false);
  await expect(row(page)).toHaveAttribute('data-latitude', '22.7', { timeout: CURRENT_WITHIN_MS });
  await expect(page.getByText(/1 unread/).first()).toBeAttached({ timeout: CURRENT_WITHIN_MS });
  await expect(page.getByRole('searchbox')).toHaveValue('school');
  expect(await wasReloaded()).toBe(false);
});

test('a server that is killed and comes back is noticed within three seconds', async ({ page }) => {
  await signIn(page, milepost);
  const wasReloaded = await markPage(page);
  await milepost.kill();
  await expect(connection(page)).not.toHaveAttribute('data-connection', 'connected');
  await milepost.resume();
  const resumedAtMs = Date.now();
  await milepost.ping(kiosk, 22.9, 88.3);
  await expect(row(page)).toHaveAttribute('data-latitude', '22.9');
  // The first attempts follow each other within two seconds.
  expect(Date.now() - resumedAtMs).toBeLessThan(2 * CURRENT_WITHIN_MS);
  expect(await wasReloaded()).toBe(false);
});

test('two pages share one connection, and the other one takes it over when the first is closed', async ({ page }) => {
  const first = countSockets(page);
  await signIn(page, milepost);
  expect(first()).toBe(1);
  const other = await openAnother(page.context());
  const second = countSockets(other);
  await other.goto(`${milepost.url}/map`);
  await expect(connection(other)).toHaveAttribute('data-connection', 'connected');
  await expect(row(other)).toBeVisible();
  expect([first(), second()]).toEqual([1, 0]);
  await expect(other.getByText('1 viewing now')).toBeVisible();

  await milepost.ping(kiosk, 23.1, 88.3);
  for (const each of [page, other]) await expect(row(each)).toHaveAttribute('data-latitude', '23.1');

  await page.close();
  await milepost.ping(kiosk, 23.2, 88.3);
  await expect(row(other)).toHaveAttribute('data-latitude', '23.2');
  expect(second()).toBe(1);
  await raise('after the first page');
  await expect(other.getByText(/unread/).first()).toBeAttached();
});

test('both pages come back after a restart, whichever has the connection', async ({ page }) => {
  await signIn(page, milepost);
  const other = await openAnother(page.context());
  await other.goto(`${milepost.url}/map`);
  await expect(connection(other)).toHaveAttribute('data-connection', 'connected');
  await milepost.halt();
  for (const each of [page, other]) await expect(connection(each)).not.toHaveAttribute('data-connection', 'connected');
  await milepost.resume();
  await milepost.ping(kiosk, 23.4, 88.3);
  for (const each of [page, other]) {
    await expect(connection(each)).toHaveAttribute('data-connection', 'connected');
    await expect(row(each)).toHaveAttribute('data-latitude', '23.4');
  }
});

const openAnother = (context: BrowserContext): Promise<Page> => context.newPage();
