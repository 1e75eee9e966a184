/** An open page goes on with the parts of its own version, also when the server does not have them any more. */

import { expect, test } from '@playwright/test';
import { Milepost } from '../clients/testing/milepost';
import { signIn } from './browser';

test('a page that is open opens its other pages without the server', async ({ page }) => {
  const milepost = await Milepost.start();
  try {
    await signIn(page, milepost);
    // The parts are kept once the worker is there, which takes this page only after it is loaded again.
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await page.reload();
    await expect(page.locator('.page')).toHaveAttribute('data-connection', 'connected');
    expect(await page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
    await page.evaluate(() => Object.assign(window, { isSamePage: true }));
    await milepost.halt();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'History' }).click();
    await expect(page.getByRole('heading', { name: 'History' })).toBeVisible();
    expect(await page.evaluate(() => 'isSamePage' in window)).toBe(true);
  } finally {
    await milepost.remove();
  }
});

test('the pages can be installed, and their parts are sent as Brotli', async ({ page, request }) => {
  const milepost = await Milepost.start();
  try {
    await page.goto(milepost.url);
    const address = await page.locator('link[rel=manifest]').getAttribute('href');
    const manifest = await request.get(milepost.url + address);
    expect(manifest.headers()['content-type']).toBe('application/manifest+json');
    for (const { src } of ((await manifest.json()) as { icons: { src: string }[] }).icons)
      expect((await request.get(milepost.url + src)).status()).toBe(200);
    const part = (await page.locator('script[type=module]').getAttribute('src')) ?? '';
    const answer = await fetch(milepost.url + part, { headers: { 'Accept-Encoding': 'gzip, br' } });
    expect(answer.headers.get('content-encoding')).toBe('br');
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect(await answer.text()).toContain('import');
  } finally {
    await milepost.remove();
  }
});
