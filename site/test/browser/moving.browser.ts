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

it('shows on a phone the list of the page that one has gone to, which comes alive when it is seen', async () => {
  const page = await open('losses/HuberLoss.html', { width: 390 });
  const list = page.locator('.VPSidebar');
  const active = list.locator('.is-active .link');
  const openList = page.getByRole('button', { name: 'Menu' });
  await openList.click();
  await expect.poll(() => active.textContent()).toBe('HuberLoss');
  await page.keyboard.press('Escape');
  await page.goto(addressOf('losses/MSELoss.html'));
  await page.locator('.VPNavBarHamburger').click();
  await page.locator('.VPNavScreen').getByRole('link', { name: 'Guide' }).first().click();
  await page.waitForURL(addressOf('quick-start.html'));
  await openList.click();
  await expect.poll(() => active.textContent()).toBe('Quick start');
  await list.getByRole('link', { name: 'Training loops' }).click();
  await page.waitForURL(addressOf('training.html'));
});
