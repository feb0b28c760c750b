/** The page on which TypeScript is compared with what PyTorch printed. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { open } from './support/page.ts';

const status = (page: Page) => page.locator('.k-seed-status');
const difference = async (page: Page) => Number(await page.locator('.k-seed-difference').textContent());
const done = (page: Page) =>
  expect.poll(() => status(page).textContent(), { timeout: 50_000 }).toMatch(/^Done: \d+ steps/);

describe('same seed, same curve', () => {
  it.each(['spiral', 'shapes', 'sonnet', 'sorting', 'vae'])(
    'trains %s as soon as it is shown, with the losses of PyTorch',
    async (name) => {
      const page = await open(`same-seed.html#${name}`);
      await done(page);
      expect(await difference(page)).toBeLessThan(1e-4);
    },
  );

  it('goes from tab to tab by arrow keys, and the address follows', async () => {
    const page = await open('same-seed.html');
    await page.getByRole('tab', { selected: true }).press('ArrowRight');
    const chosen = page.getByRole('tab', { selected: true });
    expect(await chosen.textContent()).toContain('Convolutions');
    expect(await chosen.evaluate((tab) => tab === document.activeElement)).toBe(true);
    expect(new URL(page.url()).hash).toBe('#shapes');
    await done(page);
  });

  it('runs what is edited: another seed is another curve', async () => {
    const page = await open('same-seed.html');
    await done(page);
    await page.locator('.k-seed-pair:visible .k-highlighted').nth(1).click();
    const editor = page.getByRole('textbox', { name: 'TypeScript: Perceptron' });
    await editor.waitFor();
    const code = await editor.locator('.cm-line').allTextContents();
    await editor.fill(code.join('\n').replace('manualSeed(0)', 'manualSeed(1)'));
    await editor.press('Control+Enter');
    await expect.poll(() => difference(page), { timeout: 50_000 }).toBeGreaterThan(0.01);
    await done(page);
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.getByRole('button', { name: 'Run' }).first().click();
    await expect.poll(() => difference(page), { timeout: 50_000 }).toBeLessThan(1e-4);
  });

  it('says what is wrong with code that fails, and stops what has no end', async () => {
    const page = await open('same-seed.html');
    await page.locator('.k-seed-pair:visible .k-highlighted').nth(1).click();
    const editor = page.getByRole('textbox', { name: 'TypeScript: Perceptron' });
    await editor.fill("throw new RangeError('enough');");
    await editor.press('Control+Enter');
    await expect.poll(() => status(page).textContent(), { timeout: 20_000 }).toBe('RangeError: enough');
    await editor.fill('for (let i = 0; ; i++) console.log(i, 1);');
    await editor.press('Control+Enter');
    await expect.poll(() => status(page).textContent(), { timeout: 20_000 }).toBe('Running');
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect.poll(() => status(page).textContent()).toMatch(/^Stopped after \d+ steps/);
  });
});
