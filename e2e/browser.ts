/** Common steps of the browser tests: sign in, and watch which hosts a page calls. */

import { expect, type Page } from '@playwright/test';
import type { Milepost } from '../clients/testing/milepost';

/** Opens a page that asks for a session, and signs in. */
export async function openAs(
  page: Page,
  milepost: Milepost,
  path: string,
  username: string,
  password: string,
): Promise<void> {
  await page.goto(milepost.url + path);
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Opens the live map as the first admin, or as another user, and waits until it is live. */
export async function signIn(
  page: Page,
  milepost: Milepost,
  username = milepost.username,
  password = milepost.password,
): Promise<void> {
  await openAs(page, milepost, '/', username, password);
  await expect(page.locator('.page')).toHaveAttribute('data-connection', 'connected');
}

/** All requests of the page to other origins. The list must stay empty. */
export function foreignRequests(page: Page, origin: string): string[] {
  const found: string[] = [];
  const check = (address: string) => {
    const url = new URL(address);
    const isOnNetwork = ['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol);
    if (isOnNetwork && url.host !== new URL(origin).host) found.push(address);
  };
  page.on('request', (request) => check(request.url()));
  page.on('websocket', (socket) => check(socket.url()));
  return found;
}
