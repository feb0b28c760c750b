/** Lighthouse's judgement of the pages that are opened first. */
import lighthouse, { type Config, desktopConfig } from 'lighthouse';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { browserArguments, findChromium } from './support/chromium.ts';
import { addressOf } from './support/page.ts';

const categories = ['performance', 'accessibility', 'best-practices'];
const forms: Readonly<Record<string, Config | undefined>> = { phone: undefined, desktop: desktopConfig };
const pages = ['index.html', 'playground.html', 'losses/HuberLoss.html'];

/** The scores of a page, of 100. */
async function scores(path: string, config: Config | undefined): Promise<Record<string, number>> {
  const port = 9300 + Math.floor(Math.random() * 600);
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: [...browserArguments, `--remote-debugging-port=${port}`],
  });
  try {
    const result = await lighthouse(
      addressOf(path, 'isolated'),
      { port, onlyCategories: categories, logLevel: 'error' },
      config,
    );
    const entries = Object.entries(result?.lhr.categories ?? {});
    return Object.fromEntries(entries.map(([name, { score }]) => [name, Math.round((score ?? 0) * 100)]));
  } finally {
    await browser.close();
  }
}

const cases = pages.flatMap((path) => Object.keys(forms).map((form) => [path, form] as const));

it.each(cases)('gives %s 95 or more on a %s', { timeout: 120_000 }, async (path, form) => {
  const found = await scores(path, forms[form]);
  console.log(path, form, found);
  for (const score of Object.values(found)) expect(score).toBeGreaterThanOrEqual(95);
});
