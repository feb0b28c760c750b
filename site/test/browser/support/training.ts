/** What a page shows of a training. */
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const numberIn = async (page: Page, selector: string): Promise<number> =>
  Number((await page.locator(selector).textContent())?.replaceAll(',', ''));

export const stepOf = (page: Page): Promise<number> => numberIn(page, '.k-step');
export const lossOf = (page: Page): Promise<number> => numberIn(page, '.k-loss');

export const trained = (page: Page, { beyond }: { beyond: number }): Promise<void> =>
  expect.poll(() => stepOf(page), { timeout: 30_000 }).toBeGreaterThan(beyond);

export const reached = (page: Page, { below }: { below: number }): Promise<void> =>
  expect.poll(() => lossOf(page), { timeout: 40_000 }).toBeLessThan(below);

/** The text of the editor, all of which is drawn where it is as short as here. */
export const codeIn = async (page: Page): Promise<string> =>
  (await page.locator('.cm-line').allTextContents()).join('\n');
