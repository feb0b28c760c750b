/** The reference: complete, linked from the guides, in the site's appearance, and usable. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { referenceThere } from '../../src/reference/cache.ts';
import type { SymbolPages } from '../../src/reference/typedoc/symbols.ts';
import { built } from './support/built.ts';
import { axe, open } from './support/page.ts';

const packages = join(import.meta.dirname, '../../../packages');
const read = (path: string): string => readFileSync(join(built, path), 'utf8');
const symbols = JSON.parse(readFileSync(join(referenceThere() ?? '', 'symbols.json'), 'utf8')) as SymbolPages;

/** What a comment keeps from users, though it is exported to the library's own tools. */
function internalNames(name: string): Set<string> {
  const folder = join(packages, name, 'src');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const marked =
    /\/\*\*(?:(?!\*\/)[\s\S])*@internal(?:(?!\*\/)[\s\S])*\*\/\s*export (?:abstract )?\w+ (\w+)/g;
  return new Set(
    sources.flatMap((file) =>
      [...readFileSync(join(folder, file), 'utf8').matchAll(marked)].map(([, found = '']) => found),
    ),
  );
}

describe('the table of names', () => {
  it('has every value that a package exports', async () => {
    const missing: string[] = [];
    for (const name of ['core', 'nn', 'optim', 'metrics', 'distributions', 'interop', 'tensorboard']) {
      const exported = Object.keys(await import(join(packages, name, 'src/index.ts')));
      const internal = internalNames(name);
      const described = symbols[`@kindling/${name}`] ?? {};
      missing.push(
        ...exported.filter((x) => described[x] === undefined && !internal.has(x)).map((x) => `${name}: ${x}`),
      );
    }
    expect(missing).toEqual([]);
  });

  it('has every method of a Tensor', async () => {
    const { Tensor } = await import('@kindling/core');
    // What begins with two underscores is not for users: Vue asks for it.
    const isPublic = (name: string): boolean => name !== 'constructor' && !name.startsWith('__');
    const names = Object.getOwnPropertyNames(Tensor.prototype).filter(isPublic);
    expect(names.filter((name) => symbols['@kindling/core']?.[`Tensor.${name}`] === undefined)).toEqual([]);
  });

  it('leads to pages and places that are there', () => {
    const html = new Map<string, string>();
    const wrong = Object.values(symbols)
      .flatMap((names) => Object.entries(names))
      .filter(([, address]) => {
        const [page = '', place] = address.split('#');
        if (!existsSync(join(built, 'reference', page))) return true;
        if (!html.has(page)) html.set(page, read(`reference/${page}`));
        return place !== undefined && html.get(page)?.includes(`id="${place}"`) !== true;
      });
    expect(wrong).toEqual([]);
  });
});

describe('a page of the reference', () => {
  it('has the text, the errors and the example of a method of Tensor', () => {
    const html = read('reference/core/Tensor.html');
    const reshape = html.slice(html.indexOf('id="reshape"'), html.indexOf('id="reshapeas"'));
    expect(reshape).toMatch(/Follows <code>torch\.reshape<\/code>/);
    expect(reshape).toContain('Throws');
    expect(reshape).toContain('Example');
  });

  it.each([
    ['nn/Linear.html', /export class Linear\b/],
    ['nn/F/huberLoss.html', /huberLoss/],
    ['core/Tensor.html', /export function reshape\b/, '#reshape'],
  ])('%s leads to the line of the source that it describes', (path, line, place = '') => {
    const html = read(`reference/${path}`);
    const from = place === '' ? 0 : html.indexOf(`id="${place.slice(1)}"`);
    const [, file = '', number = ''] = /href="[^"]*?(source\/[^"#]+)#(L\d+)"/.exec(html.slice(from)) ?? [];
    const code = read(`reference/${file}`);
    expect(new RegExp(`<b id="${number}">(.*)</b>`).exec(code)?.[1]).toMatch(line);
  });

  it('shows what users have, not what only the library has', () => {
    const tensor = Object.keys(symbols['@kindling/core'] ?? {});
    expect(tensor).toEqual(expect.arrayContaining(['Tensor.shape', 'Tensor.grad', 'Storage.array']));
    expect(
      tensor.filter((name) => /^(?:Tensor\.(?:dense|leafRequiresGrad)|Storage\.recycle)$/.test(name)),
    ).toEqual([]);
    // What a layer does for the class above it.
    expect(
      Object.keys(symbols['@kindling/nn'] ?? {}).filter((name) =>
        /^Conv2d\.(?:convolve|registered)$/.test(name),
      ),
    ).toEqual([]);
  });

  it('takes the appearance that was chosen on the site, and gives it back', async () => {
    const page = await open('quick-start.html');
    await page.evaluate(() => localStorage.setItem('vitepress-theme-appearance', 'dark'));
    await page.goto(page.url().replace('quick-start.html', 'reference/nn/Linear.html'));
    const dark = () => page.evaluate(() => document.documentElement.classList.contains('dark'));
    expect(await dark()).toBe(true);
    await page.getByRole('button', { name: 'Dark theme' }).click();
    expect(await dark()).toBe(false);
    expect(await page.evaluate(() => localStorage.getItem('vitepress-theme-appearance'))).toBe('light');
  });

  it('unfolds the names beside it, and leads back to the site', async () => {
    const page = await open('reference/nn/Linear.html');
    const names = page.getByRole('navigation', { name: 'Reference' });
    await expect.poll(() => names.locator('[aria-current=page]').textContent()).toBe('Linear');
    await names.getByText('@kindling/optim').click();
    await names.getByRole('link', { name: 'Adam', exact: true }).click();
    await page.waitForURL(/reference\/optim\/Adam\.html/);
    await page.getByRole('link', { name: 'Kindling', exact: true }).click();
    await page.waitForURL(/base\/(?:index\.html)?$/);
  });

  it.each([
    ['index.html', 1280, false],
    ['nn/Linear.html', 1280, false],
    ['nn/Linear.html', 360, true],
    ['nn/F/huberLoss.html', 800, true],
    ['optim/AdamOptions.html', 1280, true],
    ['source/nn/src/layers/linear.ts.html', 360, false],
    ['core/Tensor.html', 360, false],
    ['nn/Module.html', 360, true],
    ['nn/F.html', 800, false],
  ])('%s is accessible and no wider than the window at %i pixels, dark: %s', async (path, width, dark) => {
    const page = await open(`reference/${path}`, { width, dark });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    expect(await axe(page)).toEqual([]);
  });
});

describe('the guides', () => {
  it('link the names that they use', () => {
    const pages = readdirSync(built).filter((name) => name.endsWith('.html'));
    const linked = pages.filter((name) => read(name).includes('class="k-symbol"'));
    expect(linked).toEqual(expect.arrayContaining(['modules.html', 'from-pytorch.html', 'training.html']));
  });

  it('lead from a name in text, and from one in code, to its page', async () => {
    const page = await open('modules.html');
    await page.locator('p a.k-symbol').first().click();
    await page.waitForURL(/reference\/.*\.html/);
    await page.goBack();
    await page.locator('pre a.k-symbol').first().click();
    await page.waitForURL(/reference\/.*\.html/);
  });
});
