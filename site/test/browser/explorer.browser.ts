/** The compile explorer: a program, its kernels, its WebAssembly and its times. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { axe, type Opening, open } from './support/page.ts';

const patience = { timeout: 30_000 };
const part = (page: Page, name: string) => page.getByRole('region', { name });

/** Opens the page, and waits for the times, which come last. */
async function openAt(preset: string, opening: Opening = {}): Promise<Page> {
  const page = await open(`compile-explorer.html#${preset}`, opening);
  await expect.poll(() => part(page, 'Time').textContent(), patience).toContain('compiled, 1 thread');
  return page;
}

describe('the compile explorer', () => {
  it('shows equations and kernels, and lights up what belongs together', async () => {
    const page = await openAt('xor');
    const kernel = part(page, 'The kernels')
      .getByRole('button', { name: /equations fused/ })
      .first();
    await kernel.hover();
    await expect.poll(() => part(page, 'The program').locator('.k-pointed').count()).toBeGreaterThan(1);
    await part(page, 'The program').getByRole('button', { name: /tanh/ }).first().focus();
    await expect.poll(() => part(page, 'The kernels').locator('.k-pointed').count()).toBeGreaterThan(0);
    await expect.poll(() => page.locator('.cm-line.k-pointed').textContent()).toContain('model(x)');
  });

  it('gives the text of the WebAssembly that runs, and what explain() says', async () => {
    const page = await openAt('mlp');
    await page.getByRole('button', { name: 'Show as text' }).click();
    const text = page.getByLabel('WebAssembly text', { exact: true });
    await expect.poll(() => text.textContent(), patience).toContain('(module');
    await page.getByText('What explain() says').click();
    expect(await page.locator('.k-explanation pre').textContent()).toContain('recorded at the first call');
    expect(await part(page, 'Memory').textContent()).toMatch(/areas of .* lie in .*less than side by side/);
  });

  it('has a row for all threads where the page is isolated, and says so where not', async () => {
    const plain = await openAt('xor');
    expect(await part(plain, 'Time').textContent()).toContain('not isolated');
    const isolated = await openAt('xor', { host: 'isolated' });
    expect(await part(isolated, 'Time').textContent()).toMatch(/compiled, (?:[2-9]|\d\d) threads/);
  });

  it('says what is missing, and what cannot be compiled', async () => {
    const page = await openAt('xor');
    const editor = page.getByRole('textbox', { name: 'Code' });
    await editor.fill(
      "import { compile, ones } from '@kindling/core';\nconst f = compile((x) => x.sum().item());\nf(ones(3));\nf(ones(3));\n",
    );
    await editor.press('Control+Enter');
    await expect.poll(() => page.getByRole('log').textContent(), patience).toContain('CompileError');
    await editor.fill('console.log(1);');
    await editor.press('Control+Enter');
    await expect
      .poll(() => part(page, 'What became of it').textContent(), patience)
      .toContain('Nothing was compiled');
  });

  it.each([
    [360, false],
    [1600, true],
  ])('has nothing that axe finds, at %i pixels', async (width, dark) => {
    const page = await openAt('gan', { width, dark });
    expect(await axe(page)).toEqual([]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
});
