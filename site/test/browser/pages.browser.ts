/** What holds for every page of the site. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { built } from './support/built.ts';
import { axe, open } from './support/page.ts';

const all = readdirSync(built, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.html') && !path.startsWith('reference/') && path !== '404.html');

// Pages of losses are of one form: some stand for all. A sample opens each page in one of the forms.
const ofLosses = all.filter((path) => path.startsWith('losses/'));
const sampled = process.env.KINDLING_SAMPLE === '1';
const pages = sampled
  ? all.filter((path) => !ofLosses.includes(path) || ofLosses.indexOf(path) % 21 === 0)
  : all;
const forms = [
  ['light', 360],
  ['dark', 800],
] as const;

describe.each(pages.map((path, i) => [path, sampled ? forms.slice(i % 2, (i % 2) + 1) : forms] as const))(
  '%s',
  (path, forms) => {
    it.each(forms)(
      'opens in %s at %i pixels without complaint, accessible, no wider than the window',
      async (mode, width) => {
        const page = await open(path, { dark: mode === 'dark', width });
        await page.waitForLoadState('load');
        await page.locator('h1').first().waitFor();
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(overflow).toBeLessThanOrEqual(0);
        expect(await axe(page)).toEqual([]);
      },
    );
  },
);
