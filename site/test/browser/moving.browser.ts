/** From page to page without loading anew, wherever the folder lies. */
import { expect, it } from 'vitest';
import { addressOf, open } from './support/page.ts';

it('leads from a page to one below and back, by the bar at the top', async () => {
  const page = await open('losses.html');
  const bar = page.locator('.VPNavBar');
  await page.locator('a[href$="losses/HuberLoss.html"]').first().click();
  await page.waitForURL('**/losses/HuberLoss.html');
  await page.getByRole('heading', { level: 1, name: 'HuberLoss' }).waitFor();
  await bar.getByRole('link', { name: 'Playground' }).click();
  await page.waitForURL(addressOf('playground.html'));
  await bar.getByRole('link', { name: 'Losses' }).click();
  await page.waitForURL(addressOf('losses.html'));
  await expect.poll(() => page.title()).toMatch(/losses/i);
});
