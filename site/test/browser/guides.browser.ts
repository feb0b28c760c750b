/** Live code in guides. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { open } from './support/page.ts';

const first = (page: Page) => page.locator('.k-live').first();

describe('a block of a guide', () => {
  it('runs, and shows what it prints', async () => {
    const page = await open('quick-start.html');
    await first(page).getByRole('button', { name: 'Run' }).click();
    await expect
      .poll(() => first(page).getByRole('log').textContent(), { timeout: 20_000 })
      .toMatch(/Done in \d+ ms/);
  });

  it('is edited, runs as edited, names the line of an error, and is set back', async () => {
    const page = await open('quick-start.html');
    const block = first(page);
    await block.getByRole('button', { name: 'Edit' }).click();
    const editor = block.getByRole('textbox', { name: 'Code of the example' });
    await editor.fill(
      "const x: number = 6;\nconsole.log('six times seven is', x * 7);\nthrow new TypeError('enough');",
    );
    await editor.press('Control+Enter');
    const log = block.getByRole('log');
    await expect.poll(() => log.textContent(), { timeout: 20_000 }).toContain('six times seven is 42');
    await expect.poll(() => log.textContent()).toContain('TypeError: enough');
    await expect.poll(() => log.textContent()).toContain('at line 3');
    await block.getByRole('button', { name: 'Reset' }).click();
    await expect.poll(() => editor.textContent()).toContain('@kindling/core');
  });

  it('is stopped in a loop without end', async () => {
    const page = await open('quick-start.html');
    const block = first(page);
    await block.getByRole('button', { name: 'Edit' }).click();
    await block.getByRole('textbox').fill("console.log('begun');\nwhile (true) console.log('on');");
    await block.getByRole('button', { name: 'Run' }).click();
    await expect.poll(() => block.getByRole('log').textContent(), { timeout: 20_000 }).toContain('begun');
    await block.getByRole('button', { name: 'Stop' }).click();
    await expect.poll(() => block.getByRole('log').textContent()).toContain('Stopped');
  });

  it('says what keeps it from running where there is no network', async () => {
    const page = await open('quick-start.html', { expected: /ERR_INTERNET_DISCONNECTED/ });
    await first(page).getByRole('button', { name: 'Edit' }).waitFor();
    await page.context().setOffline(true);
    await first(page).getByRole('button', { name: 'Run' }).click();
    await expect.poll(() => first(page).getByRole('log').textContent()).toContain('is the network there?');
  });

  it('says of a name that is not there what there is', async () => {
    const page = await open('quick-start.html');
    const block = first(page);
    await block.getByRole('button', { name: 'Edit' }).click();
    await block
      .getByRole('textbox')
      .fill("import { readFile } from 'node:fs/promises';\nconsole.log(readFile);");
    await block.getByRole('button', { name: 'Run' }).click();
    await expect
      .poll(() => block.getByRole('log').textContent(), { timeout: 20_000 })
      .toContain('needs Node');
  });
});

describe('what is on a page', () => {
  it('is listed beside it', async () => {
    const page = await open('quick-start.html', { width: 1600 });
    await page
      .getByRole('navigation', { name: 'On this page' })
      .getByRole('link', { name: 'Gradients' })
      .waitFor();
  });

  it('is listed above it where there is no room beside it', async () => {
    const page = await open('quick-start.html', { width: 800 });
    await page.getByRole('button', { name: 'On this page' }).click();
    await page.locator('.VPLocalNavOutlineDropdown').getByRole('link', { name: 'Gradients' }).waitFor();
  });
});
