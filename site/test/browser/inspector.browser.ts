/** The gradient inspector: the picture, the steps of backward, the keyboard. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { axe, open } from './support/page.ts';

const patience = { timeout: 20_000 };
const box = (page: Page, name: RegExp) => page.locator('.k-graph').getByRole('button', { name });
const details = (page: Page) => page.getByRole('region', { name: 'The selected node' });
const next = (page: Page) => page.getByRole('button', { name: 'Next' });
const narration = (page: Page) => page.locator('.k-narration').textContent();

/** Opens the page, and waits for the picture. */
async function openAt(preset: string, width = 1280): Promise<Page> {
  const page = await open(`gradient-inspector.html#${preset}`, { width });
  await expect.poll(() => page.locator('.k-graph .node').count(), patience).toBeGreaterThan(2);
  return page;
}

describe('the gradient inspector', () => {
  it('draws the graph of its program, and shows the node that is clicked, with its line', async () => {
    const page = await openAt('expression');
    expect(await page.locator('.k-graph .node').count()).toBe(5);
    await box(page, /^sine = sin/).click();
    await expect.poll(() => details(page).textContent(), patience).toContain('g · cos(x)');
    await expect
      .poll(() => page.locator('.k-pointed').textContent(), patience)
      .toContain('const sine = x.sin();');
  });

  it('steps through backward, gradients adding up where they meet', async () => {
    const page = await openAt('expression');
    for (let i = 0; i < 3; i++) await next(page).click();
    expect(await narration(page)).toContain('MulBackward0 gets 1');
    await box(page, /: x, leaf/).click();
    expect(await details(page).textContent()).toMatch(/waiting here.*0\.8776.*4\.2/s);
    await next(page).click();
    expect(await narration(page)).toBe('x is a leaf, and gets 5.07758, which becomes its .grad.');
    expect(await details(page).textContent()).toContain('tensor(5.0776)');
    await page.getByRole('button', { name: 'Back' }).click();
    expect(await narration(page)).toContain('MulBackward0');
    await page.getByRole('slider').focus();
    await page.keyboard.press('End');
    expect(await narration(page)).toContain('y is a leaf');
    expect(await next(page).isDisabled()).toBe(true);
  });

  it('is used by the keyboard alone: arrow keys go from box to box', async () => {
    const page = await openAt('expression');
    await box(page, /^z = add/).focus();
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => details(page).locator('h2').textContent()).toMatch(/product = mul|sine = sin/);
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => details(page).locator('h2').textContent()).toMatch(/^[xy]$/);
    expect(await page.evaluate(() => document.activeElement?.classList.contains('k-leaf'))).toBe(true);
  });

  it('runs as it is typed, and marks what is wrong', async () => {
    const page = await openAt('expression');
    const editor = page.getByRole('textbox', { name: 'Code' });
    await editor.fill(
      "import { tensor } from '@kindling/core';\nconst w = tensor(3, { dtype: 'float32', requiresGrad: true });\nw.square().backward();\n",
    );
    await expect.poll(() => page.locator('.k-graph .node').count(), patience).toBe(2);
    await editor.fill('const broken = ;');
    await expect.poll(() => page.getByRole('log').textContent(), patience).toContain('SyntaxError');
    expect(await page.locator('.k-graph .node').count()).toBe(2);
  });

  it('shows where gradients are lost, and walks a recorded walk', async () => {
    const page = await openAt('lost');
    await box(page, /: frozen = detach, gradient lost/).click();
    await expect.poll(() => details(page).textContent()).toContain('Gradients end here');
    await page.getByLabel('Example').selectOption('second');
    await page.getByLabel('Walk').selectOption('1');
    await next(page).click();
    await expect.poll(() => narration(page)).toContain('PowBackwardBackward0');
    expect(page.url()).toContain('#second');
  });

  it.each([
    [360, false],
    [1600, true],
  ])('has nothing that axe finds, at %i pixels', async (width, dark) => {
    const page = await open('gradient-inspector.html#net', { width, dark });
    await expect.poll(() => page.locator('.k-graph .node').count(), patience).toBeGreaterThan(5);
    await next(page).click();
    expect(await axe(page)).toEqual([]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
});
