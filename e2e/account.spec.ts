/** One's own account, and what an admin sees of others: second factor, sessions, access tokens, audit. */

import { createHmac } from 'node:crypto';
import { expect, type Page, test } from '@playwright/test';
import { Milepost } from '../clients/testing/milepost';
import { expectAccessible } from './axe';
import { openAs } from './browser';

const PASSWORD = 'a-long-enough-password';
let milepost: Milepost;

test.beforeAll(async () => {
  milepost = await Milepost.start();
  await milepost.addUser('ann', PASSWORD, 'manager');
  await milepost.addUser('boss', PASSWORD, 'admin');
  await milepost.addKiosk('Bus 1', 'B 1');
});

test.afterAll(() => milepost.remove());

/** The code of an authenticator app at this moment (RFC 6238), `steps` later. */
function codeOf(secret: string, steps = 0): string {
  const bits = [...secret]
    .map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac('sha1', key).update(counter).digest();
  const at = (hash.at(-1) ?? 0) & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const openSettings = (page: Page) => page.getByRole('button', { name: 'Settings' }).first();

test('a user sets up an authenticator app, signs in with its code, and removes it', async ({ page }) => {
  await openAs(page, milepost, '/account', 'ann', PASSWORD);
  await page.getByRole('button', { name: 'Set up an app' }).click();
  await expect(page.getByRole('img', { name: 'QR code for the authenticator app' })).toBeVisible();
  await expectAccessible(page);
  const secret = await page.getByLabel('Key to type instead').inputValue();
  await page.getByLabel('Code that the app shows').fill('000000');
  await page.getByRole('button', { name: 'Check the code' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await page.getByLabel('Code that the app shows').fill(codeOf(secret));
  await page.getByRole('button', { name: 'Check the code' }).click();
  const codes = page.getByRole('dialog', { name: 'Your recovery codes' }).getByRole('listitem');
  await expect(codes).toHaveCount(10);
  const recovery = (await codes.first().textContent()) ?? '';
  await page.screenshot({ path: 'screenshots/account-codes.png' });
  await page.getByRole('button', { name: 'I have kept the codes' }).click();
  await expect(page.getByText('The app is set up.')).toBeVisible();
  await page.getByRole('button', { name: 'Set up an app' }).click();
  await expect(page.getByText(/already|is set up for this account/)).toBeVisible();

  await openSettings(page).click();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await openAs(page, milepost, '/account', 'ann', PASSWORD);
  await page.getByLabel(/Code of your authenticator app/).fill(recovery);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Remove the app' }).click();
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByText('The app was removed.')).toBeVisible();
});

test('a user ends another session of its own, and then all', async ({ page, browser }) => {
  const other = await (await browser.newContext()).newPage();
  await openAs(other, milepost, '/map', 'boss', PASSWORD);
  await expect(other.locator('.page')).toHaveAttribute('data-connection', 'connected');
  await openAs(page, milepost, '/account', 'boss', PASSWORD);
  const table = page.getByRole('table', { name: 'Where you are signed in' });
  await expect(table.getByText('This browser')).toHaveCount(1);
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/account.png' });
  await table.getByRole('button', { name: 'End' }).first().click();
  await expect(table.getByRole('button', { name: 'End' })).toHaveCount(0);
  await expect(other.getByText('Your session has ended')).toBeVisible();
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(page.getByLabel('Password')).toBeVisible();
});

test('whoever must have a second factor is led to it first', async ({ page }) => {
  const strict = await Milepost.start();
  try {
    await strict.addUser('carl', PASSWORD, 'manager');
    await strict.call('PUT', '/api/v1/second-factor', { roles: ['manager'] });
    await openAs(page, strict, '/map', 'carl', PASSWORD);
    await expect(page.getByText('Your organisation asks for a second factor.')).toBeVisible();
    await page.getByRole('button', { name: 'Set up an app' }).click();
    const secret = await page.getByLabel('Key to type instead').inputValue();
    await page.getByLabel('Code that the app shows').fill(codeOf(secret));
    await page.getByRole('button', { name: 'Check the code' }).click();
    await page.getByRole('button', { name: 'I have kept the codes' }).click();
    await expect(page.locator('.page')).toHaveAttribute('data-connection', 'connected');
  } finally {
    await strict.remove();
  }
});

test('an admin makes a token, which works, and finds that in the audit', async ({ page, request }) => {
  await openAs(page, milepost, '/admin/tokens', 'boss', PASSWORD);
  await page.getByRole('button', { name: 'Make a token' }).click();
  await page.getByLabel('Name').fill('nightly export');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Make it' }).click();
  const token = await page.getByLabel('Token', { exact: true }).inputValue();
  const answer = await request.get(`${milepost.url}/api/v1/vehicles`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  expect(answer.status()).toBe(200);
  await page.screenshot({ path: 'screenshots/admin-token.png' });
  await page.getByRole('button', { name: 'I have kept the token' }).click();
  await expect(page.getByRole('row', { name: /nightly export/ })).toContainText('read');

  await page.getByRole('link', { name: 'Audit' }).click();
  await expect(page.getByRole('list', { name: 'Audit' }).getByText('access_token.create')).toBeVisible();
  await page.getByLabel('What', { exact: true }).selectOption('access_token.create');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  const rows = page.getByRole('list', { name: 'Audit' }).locator('.audit-row');
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText('boss');
  await rows.getByText(/values? changed/).click();
  await expect(rows).toContainText('nightly export');
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/admin-audit.png' });
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()]);
  expect(file.suggestedFilename()).toMatch(/\.csv$/);

  await page.getByRole('link', { name: 'Access tokens' }).click();
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('No access token yet')).toBeVisible();
});

test('an admin gives a vehicle to a tracker that nobody has added', async ({ page, request }) => {
  const open = await Milepost.start({ DEVICE_TENANT: 'default' });
  try {
    await open.addKiosk('Bus 9', 'B 9');
    await request.get(`${open.url}/devices/osmand?id=350317177312182&lat=48.85&lon=2.35`);
    await openAs(page, open, '/admin/devices', open.username, open.password);
    await expect(page.getByText('350317177312182')).toBeVisible();
    await expectAccessible(page);
    await page.screenshot({ path: 'screenshots/admin-unknown-devices.png' });
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByLabel('Vehicle').selectOption({ label: 'Bus 9' });
    await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click();
    await expect(page.getByRole('heading', { name: 'Devices that nobody has added' })).toHaveCount(0);
  } finally {
    await open.remove();
  }
});

test('a user adds a passkey, signs in with it, and is refused with another', async ({ browser }) => {
  // Passkeys are bound to a name: the browser reaches this server by one.
  const settings: Record<string, string> = {};
  const named = await Milepost.start(settings);
  try {
    await named.addUser('pat', PASSWORD, 'manager');
    await named.halt();
    settings.PUBLIC_URL = named.url.replace('127.0.0.1', 'localhost');
    await named.resume();
    const reached = { url: settings.PUBLIC_URL } as Milepost;
    const page = await (await browser.newContext()).newPage();
    const signInAgain = async () => {
      await openSettings(page).click();
      const isOut = page.waitForResponse('**/auth/logout');
      await page.getByRole('button', { name: 'Sign out', exact: true }).click();
      await isOut;
      await openAs(page, reached, '/account', 'pat', PASSWORD);
    };
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const options = {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    } as const;
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
    await openAs(page, reached, '/account', 'pat', PASSWORD);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByLabel('Name').fill('my phone');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Make the passkey' }).click();
    await expect(page.getByRole('dialog', { name: 'Your recovery codes' })).toBeVisible();
    await page.getByRole('button', { name: 'I have kept the codes' }).click();
    await expect(page.getByRole('table', { name: 'Passkeys' }).getByText('my phone')).toBeVisible();
    await page.screenshot({ path: 'screenshots/account-passkeys.png' });

    const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId });
    expect(credentials).toHaveLength(1);
    await signInAgain();
    await page.getByRole('button', { name: 'Use your passkey' }).click();
    await expect(page.getByRole('table', { name: 'Passkeys' }).getByText('my phone')).toBeVisible();

    // Where a fresh login is asked for, the passkey is one.
    await page.getByRole('button', { name: 'Change the address' }).click();
    await page.getByLabel('New address').fill('pat@example.org');
    await expectAccessible(page);
    await page.screenshot({ path: 'screenshots/account-email.png' });
    const isFresh = page.waitForResponse((answer) => answer.url().endsWith('/auth/step-up'));
    await page.getByRole('button', { name: 'Confirm with a passkey' }).click();
    expect((await isFresh).status()).toBe(204);
    await expect(page.getByText(/sends no mail/)).toBeVisible();
    await page.getByRole('button', { name: 'Cancel' }).click();

    // A copy of the passkey whose counter stands still is found out.
    const [key] = (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
    if (!key) throw new Error('the authenticator has lost its key');
    expect(key.signCount).toBeGreaterThan(0);
    await devtools.send('WebAuthn.clearCredentials', { authenticatorId });
    await devtools.send('WebAuthn.addCredential', { authenticatorId, credential: { ...key, signCount: 0 } });
    await signInAgain();
    await page.getByRole('button', { name: 'Use your passkey' }).click();
    await expect(page.getByRole('alert')).toHaveText(/was refused/);
    await expect(page.getByLabel('Password')).toBeVisible();
  } finally {
    await named.remove();
  }
});

test('an admin erases a person with the password, and takes it back', async ({ page }) => {
  await milepost.addUser('leaver', PASSWORD, 'driver');
  await openAs(page, milepost, '/admin/users', 'boss', PASSWORD);
  const row = page.getByRole('row', { name: /leaver/ });
  await row.getByRole('button', { name: 'Erase' }).click();
  const dialog = page.getByRole('dialog', { name: 'Erase all of leaver?' });
  await dialog.getByLabel('Your own password').fill(PASSWORD);
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/admin-erase.png' });
  await dialog.getByRole('button', { name: 'Erase' }).click();
  await expect(dialog.getByText(/It will be done at/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Take it back' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(row).toBeVisible();
});

test('at an address instead of a name the page says why there are no passkeys', async ({ page }) => {
  await openAs(page, milepost, '/account', 'boss', PASSWORD);
  await expect(page.getByText(/passkeys need/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add a passkey' })).toHaveCount(0);
});
