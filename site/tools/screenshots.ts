/**
 * Takes pictures of every page of the built site at three widths, light and dark.
 *
 *     pnpm site:screenshots [words of paths ...]
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { built } from '../test/browser/support/built.ts';
import { browserArguments, findChromium } from '../test/browser/support/chromium.ts';
import { hosts, serve } from '../test/browser/support/serve.ts';

const out = join(import.meta.dirname, '../out/screenshots');
const words = process.argv.slice(2);
const pages = readdirSync(built, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.html') && !path.startsWith('reference'))
  .filter((path) => words.length === 0 || words.some((word) => path.includes(word)));

/** Charts and pictures are drawn when they come into view, so each page is read to its end first. */
async function seen(): Promise<void> {
  for (let y = 0; y < document.documentElement.scrollHeight; y += 700) {
    window.scrollTo(0, y);
    await new Promise((resolve) => setTimeout(resolve, 90));
  }
  window.scrollTo(0, 0);
}

mkdirSync(out, { recursive: true });
const { url, server } = await serve(built, hosts.isolated);
const browser = await chromium.launch({ executablePath: findChromium(), args: browserArguments });
for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [360, 800, 1600]) {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 1000 } });
    const page = await context.newPage();
    for (const path of pages) {
      await page.goto(url + path, { waitUntil: 'load' });
      await page.evaluate(seen);
      await page.waitForTimeout(700);
      const name = path.replace(/\.html$/, '').replaceAll(/\W/g, '-');
      await page.screenshot({ path: join(out, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
    await context.close();
  }
}
await browser.close();
server.close();
console.log(`${pages.length * 6} pictures in ${out}`);
