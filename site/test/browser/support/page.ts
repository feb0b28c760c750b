/** Opens pages of the site, and notes what goes wrong in them. */
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, expect, inject } from 'vitest';
import type { HostName } from './serve.ts';

export interface Opening {
  readonly host?: HostName;
  readonly width?: number;
  readonly dark?: boolean;
  /** Whether the reader's system asks for less motion. */
  readonly still?: boolean;
  /** What the page is allowed to complain of. */
  readonly expected?: RegExp;
}

let browser: Promise<Browser> | undefined;
const opened: { page: Page; problems: string[] }[] = [];

/** The address of a page of the site; what is an address already stays. */
export const addressOf = (path: string, host: HostName = 'plain'): string =>
  /^http/.test(path) ? path : `${inject('sites')[host]}${path.replace(/^\//, '')}`;

/** Opens a page; each test ends with a look at its console, its requests and its policy. */
export async function open(
  path: string,
  { host = 'plain', width = 1280, dark = false, still = false, expected }: Opening = {},
): Promise<Page> {
  browser ??= chromium.connect(inject('browser'));
  const options: BrowserContextOptions = {
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: still ? 'reduce' : 'no-preference',
  };
  const context = await (await browser).newContext(options);
  const page = await context.newPage();
  const problems: string[] = [];
  const note = (text: string) => {
    if (expected?.test(text) !== true) problems.push(text);
  };
  page.on('console', (message) => {
    if (message.type() === 'error') note(message.text());
  });
  page.on('pageerror', (error) => note(String(error)));
  page.on('requestfailed', (request) => {
    // What is still under way when a page or a worker goes is given up.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED')
      note(`failed: ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) note(`${response.status()}: ${response.url()}`);
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (/^http/.test(protocol) && origin !== new URL(addressOf(path, host)).origin)
      note(`a request to elsewhere: ${request.url()}`);
  });
  opened.push({ page, problems });
  await page.goto(addressOf(path, host));
  return page;
}

/** What axe finds wrong, one line each. */
export async function axe(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}

afterEach(async () => {
  const all = opened.splice(0);
  await Promise.all(all.map(({ page }) => page.context().close()));
  expect(all.flatMap(({ problems }) => problems)).toEqual([]);
});

afterAll(async () => {
  await (await browser)?.close();
  browser = undefined;
});
