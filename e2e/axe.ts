/** Looks for what a keyboard or a screen reader can't use. */

import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** Fails with each serious finding and where it is. */
export async function expectAccessible(page: Page): Promise<void> {
  // The map is a canvas, beside which each page has a list.
  const { violations } = await new AxeBuilder({ page }).exclude('.maplibregl-map').analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const found = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  expect(found, page.url()).toEqual([]);
}
