/** The playground: controls, code, drawing and addresses move one another. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { open } from './support/page.ts';
import { codeIn, reached, stepOf, trained } from './support/training.ts';

const editor = (page: Page) => page.getByRole('textbox', { name: 'The program' });

/** Trains, and has its editor. */
async function begun(page: Page): Promise<void> {
  await trained(page, { beyond: 10 });
  await editor(page).waitFor();
}

it('controls write the code, and the code moves the controls', async () => {
  const page = await open('playground.html');
  await begun(page);
  await page.getByLabel('Data').selectOption('moons');
  await page.getByLabel('Activation').selectOption('GELU');
  await page.getByLabel('Optimizer').selectOption('SGD');
  await page.getByRole('button', { name: 'More units in layer 1' }).click();
  const code = await codeIn(page);
  for (const piece of [
    "points('moons')",
    'new nn.GELU()',
    'new optim.SGD(',
    'lr: 0.3',
    'new nn.Linear(2, 20)',
    'new nn.Linear(20, 16)',
  ])
    expect(code).toContain(piece);
  await editor(page).fill(
    code
      .replace('manualSeed(0)', 'manualSeed(42)')
      .replace('new optim.SGD', 'new optim.Adam')
      .replace('lr: 0.3', 'lr: 0.01'),
  );
  await expect.poll(() => page.getByLabel('Seed').inputValue()).toBe('42');
  expect(await page.getByLabel('Optimizer').inputValue()).toBe('Adam');
  await reached(page, { below: 0.2 });
});

describe('an address', () => {
  it('holds a program and its points, and runs them again', async () => {
    const page = await open('playground.html#xor');
    await begun(page);
    await editor(page).fill((await codeIn(page)).replace('manualSeed(0)', 'manualSeed(7)'));
    await expect.poll(() => page.getByLabel('Seed').inputValue()).toBe('7');
    await page.locator('.k-backdrop').click({ position: { x: 9, y: 9 } });
    const count = await page.locator('.k-point').count();
    await page.getByRole('button', { name: 'Share' }).click();
    await expect.poll(() => page.url()).toContain('#code=');

    const again = await open(page.url());
    await begun(again);
    expect(await again.getByLabel('Seed').inputValue()).toBe('7');
    expect(await again.locator('.k-point').count()).toBe(count);
    await reached(again, { below: 0.2 });
  });

  it('that was cut off says so', async () => {
    const page = await open('playground.html#code=N4Ig');
    await expect.poll(() => page.locator('.k-hint').textContent()).toContain('cannot be read');
  });
});

describe('examples', () => {
  it.each([
    ['Regression', 0.1],
    ['A loss of your own', 0.5],
    ['Autoencoder', 0.26],
    ['Char-GPT', 2.6],
  ])('%s trains below a loss of %d', async (title, below) => {
    const page = await open('playground.html');
    await page.getByRole('button', { name: title, exact: true }).click();
    await reached(page, { below });
  });

  it('digits are learned, and one that is written is read', async () => {
    const page = await open('playground.html#digits');
    await reached(page, { below: 0.6 });
    await page.getByRole('button', { name: 'Write a 7' }).click();
    await expect
      .poll(() => page.locator('.k-pad .k-hint').textContent(), { timeout: 20_000 })
      .toContain('looks like 7');
  });

  it('a digit is drawn by the pointer', async () => {
    const page = await open('playground.html#digits');
    await reached(page, { below: 0.6 });
    await page.getByRole('button', { name: 'Clear' }).click();
    const pad = await page.locator('.k-pad canvas').boundingBox();
    const [x, y, side] = [pad?.x ?? 0, pad?.y ?? 0, pad?.width ?? 0];
    await page.mouse.move(x + 0.53 * side, y + 0.16 * side);
    await page.mouse.down();
    await page.mouse.move(x + 0.5 * side, y + 0.84 * side, { steps: 12 });
    await page.mouse.up();
    await expect
      .poll(() => page.locator('.k-pad .k-hint').textContent(), { timeout: 20_000 })
      .toContain('looks like 1');
  });

  it('the cart balances', async () => {
    const page = await open('playground.html#cart-pole');
    await expect
      .poll(async () => Number(await page.locator('.k-loss').textContent()), { timeout: 40_000 })
      .toBeGreaterThan(100);
  });
});

it('stops what never ends', async () => {
  const page = await open('playground.html');
  await begun(page);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'Train' }).waitFor();
  // What is shown of the last frame comes a little later.
  await page.waitForTimeout(300);
  const at = await stepOf(page);
  await page.waitForTimeout(500);
  expect(await stepOf(page)).toBe(at);
});

it('waits where less motion is asked for, and trains when it is told to', async () => {
  const page = await open('playground.html', { still: true });
  await expect.poll(() => page.locator('.k-hint').textContent()).toContain('less motion');
  expect(await stepOf(page)).toBe(0);
  await page.getByRole('button', { name: 'Train' }).click();
  await trained(page, { beyond: 10 });
});

it('shows which control has the focus', async () => {
  const page = await open('playground.html');
  await begun(page);
  for (const name of [/^Blue$/, /^Seed/, /^Optimizer/]) {
    const control = page.getByLabel(name);
    await control.focus();
    expect(await control.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe('solid');
  }
});
