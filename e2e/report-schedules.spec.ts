/** Report schedules: an admin makes, changes and removes one; a manager, who lists no users, gets its own. */

import { expect, test } from '@playwright/test';
import { Milepost } from '../clients/testing/milepost';
import { expectAccessible } from './axe';
import { openAs } from './browser';

const PASSWORD = 'a-long-enough-password';
let milepost: Milepost;

test.beforeAll(async () => {
  // No mail is sent in this test, and so none is taken.
  milepost = await Milepost.start({
    SMTP_URL: 'smtp://127.0.0.1:9',
    MAIL_FROM: 'track@example.org',
    PUBLIC_URL: 'https://track.example.org',
  });
  for (const [username, role] of [
    ['ada', 'admin'],
    ['mia', 'manager'],
  ] as const) {
    const id = await milepost.addUser(username, PASSWORD, role);
    await milepost.call('PATCH', `/api/v1/users/${id}`, { email: `${username}@example.org` });
  }
  await milepost.call('POST', '/api/v1/vehicles', { id: 't1', label: 'Truck 1', kind: 'truck' });
});

test.afterAll(() => milepost.remove());

test('an admin schedules a report for two readers, changes it and removes it', async ({ page }) => {
  await openAs(page, milepost, '/reports', 'ada', PASSWORD);
  await expect(page.getByText('No report is made by itself yet.')).toBeVisible();
  await page.getByRole('button', { name: 'Schedule a report' }).click();
  const dialog = page.getByRole('dialog', { name: 'Schedule a report' });
  await dialog.getByLabel('Name').fill('Mileage of the week');
  await dialog.getByLabel('Report', { exact: true }).selectOption('mileage');
  await dialog.getByLabel('Time zone').fill('Mars/Olympus');
  await dialog.getByLabel('Goes to').selectOption(['ada (ada@example.org)', 'mia (mia@example.org)']);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByRole('alert')).toContainText('timezone');
  await dialog.getByLabel('Time zone').fill('Asia/Jakarta');
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/report-schedule-form.png' });
  await dialog.getByRole('button', { name: 'Save' }).click();
  const table = page.getByRole('table', { name: 'Scheduled' });
  const row = table.getByRole('row', { name: /Mileage of the week/ });
  await expect(row).toContainText('A week, 06:30 (Asia/Jakarta)');
  await expect(row).toContainText('ada, mia');
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/report-schedules.png' });

  await row.getByRole('button', { name: 'Edit' }).click();
  const edit = page.getByRole('dialog', { name: 'Edit the schedule' });
  await edit.getByLabel('Each report is about').selectOption('month');
  await edit.getByLabel('Reports are made').uncheck();
  await edit.getByRole('button', { name: 'Save' }).click();
  await expect(row).toContainText('A month, 06:30 (Asia/Jakarta)');
  await expect(row).toContainText('Paused');
  await row.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('No report is made by itself yet.')).toBeVisible();
});

test('a manager gets its own, on a phone too', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await openAs(page, milepost, '/reports', 'mia', PASSWORD);
  await page.getByRole('button', { name: 'Schedule a report' }).click();
  const dialog = page.getByRole('dialog', { name: 'Schedule a report' });
  await expect(dialog.getByText('It goes to your own address.')).toBeVisible();
  await dialog.getByLabel('Name').fill('Trips of the day');
  await dialog.getByLabel('Each report is about').selectOption('day');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('table', { name: 'Scheduled' })).toContainText('Trips of the day');
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/report-schedules-phone.png' });
});

test('a report goes by e-mail, and its link leads to the file', async ({ page }) => {
  const order = { kind: 'trips', from: '2026-11-01', to: '2026-11-30', format: 'xlsx' };
  const { job } = (await milepost.call('POST', '/api/v1/reports', order)) as { job: string };
  await openAs(page, milepost, `/reports?job=${job}`, 'ada', PASSWORD);
  await expect(page.getByRole('link', { name: 'Fetch trips-2026-11-01-2026-11-30.xlsx' })).toBeVisible();
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/report-link.png' });
  await page.getByRole('button', { name: 'By e-mail' }).click();
  await expect(page.getByText('It goes to your address once it is made.')).toBeVisible();
});
