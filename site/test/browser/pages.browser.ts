/** What holds for every page of the site. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { built } from './support/built.ts';
import { axe, open } from './support/page.ts';

const all = readdirSync(built, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.html') && !path.startsWith('reference/') && path !== '404.html');

// A sample opens one page of each kind, in one of the forms.
const kinds = ['index', 'quick-start', 'playground', 'losses/HuberLoss', 'same-seed'];
const sampled = process.env.KINDLING_SAMPLE === '1';
const pages = sampled ? kinds.map((name) => `${name}.html`) : all;
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
