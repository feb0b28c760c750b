/** The search over guides, losses and reference. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { axe, open } from './support/page.ts';

const status = (page: Page) => page.getByRole('dialog', { name: 'Search' }).getByRole('status');
const results = (page: Page) => page.getByRole('list', { name: 'Results' }).locator(':scope > li > a');

/** Opens the dialog by its key, which the page knows once it runs. */
async function show(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Search' });
  const pressed = async () => {
    if (!(await dialog.isVisible())) await page.keyboard.press('/');
    return dialog.isVisible();
  };
  await expect.poll(pressed, { timeout: 20_000 }).toBe(true);
}

async function search(page: Page, query: string): Promise<void> {
  await page.getByRole('searchbox').fill(query);
  await expect.poll(() => status(page).textContent(), { timeout: 20_000 }).toMatch(/pages?$|Nothing/);
  // The answer to the last letter comes last.
  await page.waitForTimeout(500);
}

describe('the search', () => {
  it('is opened by a button and by keys, and closed by Escape', async () => {
    const page = await open('quick-start.html');
    const dialog = page.getByRole('dialog', { name: 'Search' });
    await show(page);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect.poll(() => dialog.isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    await expect.poll(() => dialog.isVisible()).toBe(false);
    await page.keyboard.press('/');
    await expect.poll(() => dialog.isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await expect.poll(() => dialog.isVisible()).toBe(true);
    expect(await page.getByRole('searchbox').evaluate((input) => input === document.activeElement)).toBe(
      true,
    );
  });

  it('loads its index when something is searched for, and not before', async () => {
    const page = await open('quick-start.html');
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/pagefind/')) asked.push(request.url());
    });
    await show(page);
    expect(asked).toEqual([]);
    await search(page, 'gradient');
    expect(asked.length).toBeGreaterThan(0);
  });

  it.each([
    ['Linear', /reference\/nn\/Linear\.html$/],
    ['nn.Linear', /reference\/nn\/Linear\.html$/],
    ['optim.Adam', /reference\/optim\/Adam\.html$/],
    ['F.huberLoss', /reference\/nn\/F\/huberLoss\.html$/],
    ['manualSeed(0)', /reference\/core\/manualSeed\.html$/],
  ])('finds the page of %s first', async (query, address) => {
    const page = await open('quick-start.html');
    await show(page);
    await search(page, query);
    expect(await results(page).first().getAttribute('href')).toMatch(address);
  });

  it('finds guides', async () => {
    const page = await open('quick-start.html');
    await show(page);
    await search(page, 'Content Security Policy');
    const found = await results(page).evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    expect(found.some((address) => address?.includes('browsers.html'))).toBe(true);
  });

  it('is walked through by arrows, and Enter opens the first page', async () => {
    const page = await open('quick-start.html');
    await show(page);
    await search(page, 'Linear');
    await page.keyboard.press('ArrowDown');
    expect(
      await results(page)
        .first()
        .evaluate((link) => link === document.activeElement),
    ).toBe(true);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.waitForURL(/reference\/nn\/Linear\.html/);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Class Linear');
  });

  it.each([
    ['light', false],
    ['dark', true],
  ])('is accessible, %s', async (_, dark) => {
    const page = await open('reference/nn/Linear.html', { dark });
    await show(page);
    await search(page, 'Linear');
    expect(await axe(page)).toEqual([]);
  });
});
