/**
 * The pages of the losses: what is set is drawn, what is chosen is computed, and mistakes are noticed in the page as
 * well.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { built } from './support/built.ts';
import { axe, open } from './support/page.ts';

/** The number that a sentence of the page says. */
const numberIn = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);
const reading = (page: Page) => page.locator('.kl-loss-curve [role=status]');
const slide = async (page: Page, label: RegExp | string, value: number) =>
  await page.getByLabel(label).first().fill(String(value));

/** How far what is there moved while the page opened. */
const shift = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((done) => {
        let sum = 0;
        const add = (entries: PerformanceEntryList) => {
          for (const entry of entries) sum += (entry as PerformanceEntry & { readonly value: number }).value;
        };
        new PerformanceObserver((list) => add(list.getEntries())).observe({
          type: 'layout-shift',
          buffered: true,
        });
        setTimeout(() => done(sum), 1000);
      }),
  );

describe('the curve of a loss', () => {
  it('is read at a prediction, before anything is computed', () => {
    const html = readFileSync(join(built, 'losses/HuberLoss.html'), 'utf8');
    const text = html.replace(/<[^>]*>/g, '').replace(/\s+/g, ' ');
    // Half a delta beyond the square: 2 - 1/2.
    expect(text).toMatch(/At 2 the loss is 1\.5, its gradient 1\./);
  });

  it('follows its options and its target', async () => {
    const page = await open('losses/HuberLoss.html');
    await slide(page, /^delta/, 0.5);
    await expect
      .poll(() => reading(page).textContent())
      .toMatch(/At 2 the loss is 0\.875, its gradient 0\.5/);
    await slide(page, /^target/, 2);
    await expect.poll(() => reading(page).textContent()).toMatch(/At 2 the loss is 0, its gradient 0/);
    await page.locator('.kl-loss-curve').getByRole('button', { name: 'Reset' }).click();
    await expect.poll(() => reading(page).textContent()).toMatch(/At 2 the loss is 1\.5/);
  });

  it('is drawn beside that of another', async () => {
    const page = await open('losses/HuberLoss.html');
    await page.getByLabel('Compare with').selectOption('MSELoss');
    await page.locator('.kl-loss-curve .k-legend', { hasText: 'MSELoss' }).first().waitFor();
  });

  it('is moved along by the keyboard', async () => {
    const page = await open('losses/MSELoss.html');
    await page.getByLabel('prediction', { exact: true }).focus();
    await page.keyboard.press('Home');
    await expect.poll(() => reading(page).textContent()).toMatch(/At -4 the loss is 16, its gradient -8/);
  });
});

describe('the landscape of a loss', () => {
  it('goes down from where it is clicked', async () => {
    const page = await open('losses/MSELoss.html');
    const status = page.locator('.kl-landscape [role=status]');
    await page.locator('.kl-landscape').scrollIntoViewIfNeeded();
    const text = async () => (await status.textContent()) ?? '';
    await expect.poll(text, { timeout: 15_000 }).toMatch(/80 steps/);
    const before = await text();
    await page.locator('.kl-map canvas').click({ position: { x: 20, y: 20 } });
    await expect.poll(text).not.toBe(before);
    const now = await text();
    expect(numberIn(now, /goes from ([\d.]+)/)).toBeGreaterThan(
      numberIn(now, /goes from [\d.]+ to ([\d.]+)/),
    );
  });
});

describe('a small problem', () => {
  it('is reduced as asked, with weights', async () => {
    const page = await open('losses/MSELoss.html');
    const result = page.locator('.kl-result');
    const sum = async () =>
      numberIn((await result.textContent()) ?? '', /times their weights if any, add up to (-?\d+(?:\.\d+)?)/);
    const unweighted = await sum();
    await page.locator('.kl-reductions').getByLabel('none', { exact: true }).check();
    await expect.poll(() => result.textContent()).toContain("reduction: 'none'");
    await page.getByLabel('sum', { exact: true }).check();
    await page.getByLabel(/with sampleWeight/).check();
    for (const sample of [1, 2, 3, 4]) await page.getByLabel(`weight of sample ${sample}`).fill('2');
    await expect.poll(sum).toBeCloseTo(2 * unweighted, 3);
  });

  it('can be drawn anew', async () => {
    const page = await open('losses/CrossEntropyLoss.html');
    const input = page.locator('.kl-inputs pre').first();
    const before = await input.textContent();
    await page.getByRole('button', { name: 'Other numbers' }).click();
    await expect.poll(() => input.textContent()).not.toBe(before);
  });
});

describe('a page of a loss', () => {
  it('has mistakes that run, and say what the page says', async () => {
    const page = await open('losses/CrossEntropyLoss.html');
    const said = (await page.locator('.kl-said-warning').first().textContent()) ?? '';
    const example = page.locator('.k-live').first();
    await example.getByRole('button', { name: 'Run' }).click();
    const told = said.replace(/^Warning /, '').slice(0, 60);
    await expect.poll(() => example.textContent(), { timeout: 20_000 }).toContain(told);
  });

  it('leads to the next, whose curve is its own', async () => {
    const page = await open('losses/MSELoss.html');
    await page.locator('.kl-neighbours a', { hasText: 'Next' }).click();
    await page.getByRole('heading', { level: 1, name: /L1Loss/ }).waitFor();
    await expect.poll(() => reading(page).textContent()).toMatch(/At 2 the loss is 2, its gradient 1\./);
  });

  it.each([360, 1600])('moves nothing as it opens, at %i pixels', async (width) => {
    const page = await open('losses/BCEWithLogitsLoss.html', { width });
    expect(await shift(page)).toBeLessThan(0.02);
  });

  it('is accessible after it was used', async () => {
    const page = await open('losses/TripletMarginLoss.html', { dark: true });
    await page.getByLabel('swap').check();
    await page.locator('.kl-landscape').scrollIntoViewIfNeeded();
    await expect
      .poll(() => page.locator('.kl-landscape [role=status]').textContent(), { timeout: 15_000 })
      .toMatch(/steps/);
    expect(await axe(page)).toEqual([]);
  });
});

describe('the overview', () => {
  it('leads to all pages', async () => {
    const page = await open('losses.html');
    const links = page.locator('.kl-gallery a');
    await expect.poll(() => links.count()).toBe(43);
    await page
      .locator('.kl-gallery')
      .getByRole('link', { name: /^CTCLoss/ })
      .click();
    await page.getByRole('heading', { level: 1, name: /CTCLoss/ }).waitFor();
  });
});
