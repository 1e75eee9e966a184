/** The pictures of `docs/`: `npm run pictures` takes them of the demo, three minutes after its start. */

import { type ChildProcess, spawn } from 'node:child_process';
import { expect, type Page, test } from '@playwright/test';

const DOCS = '../docs';
const PASSWORD = 'pictures-of-docs';
const DRIVE_MS = 180_000;
let demo: ChildProcess;
let url = '';

test.skip(process.env.PICTURES !== '1', 'Takes pictures only when it is asked to.');
test.use({ viewport: { width: 1280, height: 760 }, timezoneId: 'America/Chicago' });

test.beforeAll(async () => {
  test.setTimeout(DRIVE_MS + 60_000);
  const binary = process.env.MILEPOST_BIN ?? '../target/debug/milepost';
  const env = { ...process.env, MILEPOST_LISTEN: '127.0.0.1:0' };
  demo = spawn(binary, ['demo', '--password', PASSWORD], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  url = await new Promise<string>((found) => {
    demo.stdout?.on('data', (chunk: Buffer) => {
      const address = /listening on (http:\S+)/.exec(chunk.toString())?.[1];
      if (address) found(address);
    });
  });
  await new Promise((driven) => setTimeout(driven, DRIVE_MS));
});

test.afterAll(() => demo?.kill());

async function openAs(page: Page, tenant: string, path: string): Promise<void> {
  const credentials = { username: tenant, password: PASSWORD, tenant };
  await page.request.post(`${url}/auth/login`, { data: credentials });
  await page.goto(url + path);
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
}

test('the live map', async ({ page }) => {
  await openAs(page, 'school', '/map');
  await page.locator('.vehicle-row').nth(1).click();
  await page.waitForTimeout(8_000);
  await page.screenshot({ path: `${DOCS}/live-map.png` });
});

test('the history', async ({ page }) => {
  await openAs(page, 'haulage', '/history?vehicle=truck-01');
  await page.waitForTimeout(12_000);
  await page.screenshot({ path: `${DOCS}/history.png` });
});
