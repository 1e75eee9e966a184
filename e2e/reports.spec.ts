/** Reports: a manager's, chosen, made, looked at, left and found again, as files and on paper; a driver's of its own trips. */

import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { Milepost } from '../clients/testing/milepost';
import { expectAccessible } from './axe';
import { openAs } from './browser';

const PASSWORD = 'a-long-enough-password';
const MINUTE_MS = 60_000;
const METRES_IN_DEGREE = 111_194.9;
let milepost: Milepost;

interface Trip {
  distance: number;
  status: string;
}

/** Two trips of 5 and 3 km with a stop of a quarter of an hour between, a fix every ten seconds, on the equator. */
function ride(vehicle_id: string, startMs: number): object[] {
  const positions: object[] = [];
  let [ms, east] = [startMs, 0];
  const report = (speed: number) => {
    const timestamp = new Date(ms).toISOString();
    positions.push({ vehicle_id, latitude: 0, longitude: 10 + east / METRES_IN_DEGREE, speed, accuracy: 5, timestamp });
    ms += 10_000;
  };
  const stand = (minutes: number) => {
    for (let step = 0; step < minutes * 6; step++) report(0);
  };
  const drive = (km: number) => {
    for (let step = 0; step < km * 6; step++) {
      east += 1_000 / 6;
      report(60);
    }
  };
  stand(5);
  drive(5);
  stand(15);
  drive(3);
  stand(15);
  return positions;
}

test.beforeAll(async () => {
  milepost = await Milepost.start();
  await milepost.addUser('manager', PASSWORD, 'manager');
  await milepost.addUser('dora', PASSWORD, 'driver');
  for (const [id, label] of [
    ['t1', '=1+1'],
    ['t2', 'Quiet truck'],
  ])
    await milepost.call('POST', '/api/v1/vehicles', { id, label, kind: 'truck', fuel_l_per_100km: 30 });
  // Yesterday by the clocks of every zone, or today: the report asks for seven days.
  await milepost.call('POST', '/api/v1/positions', ride('t1', Date.now() - 26 * 60 * MINUTE_MS));
  await expect(async () => {
    const { items } = (await milepost.call('GET', '/api/v1/trips')) as { items: Trip[] };
    expect(items.filter(({ status }) => status === 'completed')).toHaveLength(2);
  }).toPass();
});

test.afterAll(() => milepost.remove());

test('a manager makes a report, leaves it and finds it again, and takes it as a file', async ({ page }) => {
  await openAs(page, milepost, '/reports', 'manager', PASSWORD);
  await expect(page.getByText('No report yet')).toBeVisible();
  await expectAccessible(page);
  await page.getByLabel('Report', { exact: true }).selectOption('trips');
  await page.getByRole('button', { name: 'Show report' }).click();
  const table = page.getByRole('table', { name: 'Trips' });
  await expect(table.getByRole('row')).toHaveCount(3);
  const { items } = (await milepost.call('GET', '/api/v1/trips')) as { items: Trip[] };
  const total = items.reduce((sum, { distance }) => sum + distance, 0);
  const totals = page.locator('.report-totals');
  await expect(totals).toContainText(`${total.toFixed(1)} km`);
  await expect(totals).toContainText('2.4 l');
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/reports.png' });

  await page.getByRole('link', { name: 'Alerts' }).first().click();
  await expect(page.getByRole('heading', { name: 'Alerts' })).toBeVisible();
  await page.getByRole('link', { name: 'Reports' }).first().click();
  await expect(table.getByRole('row')).toHaveCount(3);

  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^trips-.*\.csv$/);
  const lines = readFileSync(await download.path(), 'utf8')
    .trimEnd()
    .split('\r\n');
  expect(lines).toHaveLength(3);
  expect(lines[1]).toContain(`t1,'=1+1,`);
  const column = (lines[0] ?? '').split(',').indexOf('distance_km');
  const sum = lines.slice(1).reduce((all, line) => all + Number(line.split(',')[column]), 0);
  expect(sum.toFixed(1)).toBe(total.toFixed(1));
  const book = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Excel (XLSX)' }).click();
  expect((await book).suggestedFilename()).toMatch(/\.xlsx$/);
});

test('one that was never heard has blanks, and what is not known is said', async ({ page }) => {
  await openAs(page, milepost, '/reports?kind=mileage&group=vehicle', 'manager', PASSWORD);
  await page.getByRole('button', { name: 'Show report' }).click();
  const quiet = page.getByRole('row', { name: /Quiet truck/ });
  await expect(quiet.getByRole('cell').first()).toHaveText('–');
  await page.getByRole('button', { name: 'All vehicles' }).click();
  await page.getByRole('dialog').getByLabel('Quiet truck').check();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('button', { name: 'Show report' }).click();
  await expect(page.getByRole('table').getByRole('row')).toHaveCount(2);
});

test('on paper there is the report alone, and a phone shows it without scrolling sideways', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await openAs(page, milepost, '/reports?kind=utilisation&group=day', 'manager', PASSWORD);
  await page.getByRole('button', { name: 'Show report' }).click();
  await expect(page.getByRole('table', { name: 'Utilisation' })).toBeVisible();
  await expect(page.locator('.day-chart canvas')).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/reports-phone.png' });
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 800, height: 1_100 });
  await expect(page.getByRole('table', { name: 'Utilisation' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Show report' })).toBeHidden();
  await expect(page.getByRole('navigation')).toHaveCount(0);
  await page.screenshot({ path: 'screenshots/reports-print.png' });
});

test('a driver makes reports of its own trips, and a client is told that reports are not for its account', async ({
  browser,
  page,
}) => {
  await openAs(page, milepost, '/reports', 'dora', PASSWORD);
  const kinds = page.getByLabel('Report', { exact: true }).getByRole('option');
  await expect(kinds).toHaveText(['Trips', 'Mileage', 'Utilisation']);
  await expect(page.getByLabel('Rows').getByRole('option')).toHaveText(['By driver']);
  await page.getByRole('button', { name: 'Show report' }).click();
  await expect(page.getByRole('row', { name: /dora/ }).or(page.getByText('Nothing in this time'))).toBeVisible();
  await page.screenshot({ path: 'screenshots/driver-report.png' });

  await milepost.addUser('clara', PASSWORD, 'client');
  const client = await (await browser.newContext()).newPage();
  await openAs(client, milepost, '/reports', 'clara', PASSWORD);
  await expect(client.getByText('This page is not for your account')).toBeVisible();
});
