/** `milepost demo`: each of its people finds a page that is alive, on a phone and on a desktop, and a week to look back on. */

import { type ChildProcess, spawn } from 'node:child_process';
import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './axe';

const PASSWORD = 'a-password-of-the-tour';
let demo: ChildProcess;
let url = '';

test.use({ timezoneId: 'America/Chicago' });

test.beforeAll(async () => {
  test.setTimeout(180_000);
  const binary = process.env.MILEPOST_BIN ?? '../target/debug/milepost';
  const env = { ...process.env, MILEPOST_LISTEN: '127.0.0.1:0' };
  demo = spawn(binary, ['demo', '--password', PASSWORD], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  url = await new Promise<string>((found) => {
    demo.stdout?.on('data', (chunk: Buffer) => {
      const address = /listening on (http:\S+)/.exec(chunk.toString())?.[1];
      if (address) found(address);
    });
  });
});

test.afterAll(() => demo?.kill());

/** Who looks, where that begins, and what must be there. */
const PEOPLE: [tenant: string, name: string, path: string, text: RegExp][] = [
  ['school', 'school', '/map', /Bus 2/],
  ['school', 'paula', '/my-vehicles', /Bus [45]/],
  ['parcels', 'parcels', '/map', /Van 1/],
  ['parcels', 'vera', '/driver', /It is delivered/],
  ['parcels', 'chris', '/parcels', /South 1st Street/],
  ['kitchen', 'kitchen', '/map', /of 12/],
  ['haulage', 'haulage', '/map', /Truck 1/],
  ['haulage', 'ana', '/driver', /Your parcels/],
  ['academy', 'academy', '/cadets', /Adi Wijaya/],
  ['academy', 'stefan', '/cadets', /Bella Santos/],
  ['academy', 'casey', '/my-records', /Adi Wijaya|Merit/],
];

async function openAs(page: Page, tenant: string, username: string, path: string): Promise<void> {
  await expect(async () => {
    const answer = await page.request.post(`${url}/auth/login`, { data: { username, password: PASSWORD, tenant } });
    expect(answer.status()).toBe(204);
  }).toPass({ timeout: 60_000 });
  await page.goto(url + path);
}

test('the page of logins opens each of its people with one click', async ({ page }) => {
  await page.goto(`${url}/demo#${PASSWORD}`);
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/tour-demo.png', fullPage: true });
  await expect(async () => {
    await page.goto(`${url}/demo#${PASSWORD}`);
    await page.getByRole('button', { name: /a cadet$/ }).click();
    await expect(page).toHaveURL(/my-records/, { timeout: 5_000 });
  }).toPass({ timeout: 60_000 });
});

for (const [device, viewport] of Object.entries({
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
})) {
  test.describe(device, () => {
    test.use({ viewport });
    for (const [tenant, name, path, text] of PEOPLE)
      test(`${name} of ${tenant} finds a page that is alive`, async ({ page }) => {
        await openAs(page, tenant, name, path === '/driver' ? path : '/');
        await expect(page).toHaveURL(new RegExp(path));
        await expect(page.getByText(text).first()).toBeAttached({ timeout: 60_000 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
        await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
        await page.waitForTimeout(2_000); // for the picture alone: the map draws itself
        await page.screenshot({ path: `screenshots/tour-${device}-${tenant}-${name}.png` });
      });
  });
}

test('there is a week for reports, and records change while one looks', async ({ page }) => {
  await openAs(page, 'haulage', 'haulage', '/reports?kind=mileage&group=vehicle');
  await page.getByRole('button', { name: 'Show report' }).click();
  await expect(page.getByRole('row', { name: /Truck 4/ })).toContainText(/\d km/);
  await page.getByText('As a list').click();
  await expect(page.locator('.report-chart li').filter({ hasText: /[1-9]\d* km/ })).not.toHaveCount(0);
  await page.screenshot({ path: 'screenshots/tour-reports.png', fullPage: true });
  await openAs(page, 'academy', 'stefan', '/cadets');
  await expect(page.getByText('Nadia Haddad')).toBeVisible();
  const table = page.getByRole('main');
  const before = await table.textContent();
  await expect.poll(() => table.textContent(), { timeout: 40_000 }).not.toBe(before);
});
