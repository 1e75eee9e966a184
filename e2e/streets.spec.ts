import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { Milepost } from '../clients/testing/milepost';
import { makeArchive } from './archive';
import { foreignRequests, signIn } from './browser';

const TOWN = { latitude: 22.5726, longitude: 88.3639 };
let milepost: Milepost;
let folder: string;
let archive: string;

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'milepost-streets-'));
  archive = join(folder, 'town.pmtiles');
  await writeFile(archive, makeArchive(TOWN.latitude, TOWN.longitude));
  milepost = await Milepost.start({ MILEPOST_BASEMAP: archive });
  const kiosk = await milepost.addKiosk('School bus 7', 'WB01AB1234');
  await milepost.ping(kiosk, TOWN.latitude, TOWN.longitude, 45, 90);
});

test.afterAll(async () => {
  await milepost.remove();
  await rm(folder, { recursive: true, force: true });
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the map shows the streets of the server's archive, ${colorScheme}, and asks no other host`, async ({
    page,
  }) => {
    await page.emulateMedia({ colorScheme });
    const foreign = foreignRequests(page, milepost.url);
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      const isExpected = /GPU stall|401/.test(message.text());
      if (['error', 'warning'].includes(message.type()) && !isExpected) problems.push(message.text());
    });
    const ranges: string[] = [];
    const fonts: string[] = [];
    page.on('response', (response) => {
      if (response.url().endsWith('/app/basemap.pmtiles')) ranges.push(`${response.status()}`);
      if (response.url().endsWith('.woff2')) fonts.push(response.url());
    });
    await signIn(page, milepost);
    await expect(page.locator('.vehicle-row')).toContainText('School bus 7');
    await page.locator('.vehicle-row').click();
    await expect.poll(() => ranges.length).toBeGreaterThan(2);
    await expect.poll(() => fonts.length).toBeGreaterThan(0);
    await expect(page.locator('.credits')).toContainText('OpenStreetMap');
    await page.waitForTimeout(3_000);
    await page.screenshot({ path: `screenshots/streets-${colorScheme}.png` });
    expect(new Set(ranges)).toEqual(new Set(['206']));
    expect(foreign).toEqual([]);
    expect(problems).toEqual([]);
  });
}

test('an open page goes on with an archive that has replaced the one before', async ({ page }) => {
  const answers: string[] = [];
  page.on('response', (response) => {
    if (response.url().endsWith('/app/basemap.pmtiles'))
      answers.push(`${response.status()} ${response.request().headers().range}`);
  });
  await signIn(page, milepost);
  await page.locator('.vehicle-row').click();
  await expect.poll(() => answers.length).toBeGreaterThan(2);
  const newer = join(folder, 'newer.pmtiles');
  await writeFile(newer, makeArchive(TOWN.latitude + 0.001, TOWN.longitude));
  await rename(newer, archive);
  const before = answers.length;
  const canvas = page.locator('.map-canvas');
  await canvas.hover();
  for (let turn = 0; turn < 6; turn++) await page.mouse.wheel(0, -300);
  for (let turn = 0; turn < 12; turn++) await page.mouse.wheel(0, 300);
  // The archive's beginning is read anew, and tiles by it. A range that the browser has kept may be answered with the whole.
  const isReadAnew = () => answers.slice(before).indexOf('206 bytes=0-16383');
  await expect.poll(isReadAnew).toBeGreaterThanOrEqual(0);
  await expect
    .poll(() => answers.slice(before + isReadAnew() + 1).filter((each) => each.startsWith('206')).length)
    .toBeGreaterThan(0);
  await expect(page.locator('.page')).toHaveAttribute('data-connection', 'connected');
});
