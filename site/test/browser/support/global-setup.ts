/** Serves the built site on each kind of host, and starts one browser for all tests. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { built } from './built.ts';
import { browserArguments, findChromium } from './chromium.ts';
import { hosts, serve } from './serve.ts';

declare module 'vitest' {
  interface ProvidedContext {
    sites: Record<string, string>;
    browser: string;
  }
}

export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(join(built, 'index.html')))
    throw new Error('the site is not built: run `pnpm site:build` first');
  const served = await Promise.all(
    Object.entries(hosts).map(async ([name, host]) => ({ name, ...(await serve(built, host)) })),
  );
  provide('sites', Object.fromEntries(served.map(({ name, url }) => [name, url])));
  const browser = await chromium.launchServer({ executablePath: findChromium(), args: browserArguments });
  provide('browser', browser.wsEndpoint());
  return async () => {
    await browser.close();
    for (const { server } of served) server.close();
  };
}
