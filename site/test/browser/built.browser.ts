/** The built folder: what it weighs, and that nothing in it leads nowhere. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect, it } from 'vitest';
import { built } from './support/built.ts';

const files = readdirSync(built, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => posix.relative(built, join(entry.parentPath, entry.name)));
const there = new Set(files);
const pages = files.filter((path) => path.endsWith('.html'));

const decoded = (html: string): string =>
  html.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");

/** Addresses of a page, of links and of what it loads. */
function addresses(html: string): string[] {
  const found = html.matchAll(/\s(?:href|src)="([^"]*)"/g);
  return [...new Set([...found].map(([, address = '']) => decoded(address)))];
}

const ids = new Map<string, Set<string>>();
function idsOf(path: string): Set<string> {
  const known = ids.get(path);
  if (known) return known;
  const html = readFileSync(join(built, path), 'utf8');
  const found = new Set([...html.matchAll(/\s(?:id|name)="([^"]*)"/g)].map(([, id = '']) => decoded(id)));
  ids.set(path, found);
  return found;
}

/** What is wrong with an address on a page, if something is. */
function wrong(page: string, address: string): boolean {
  if (/^(?:[a-z]+:|\/\/|$)/i.test(address)) return false;
  if (address.startsWith('/')) return page !== '404.html';
  const [path = '', hash] = address.split('#');
  const [file = ''] = path.split('?');
  let target = file === '' ? page : posix.join(posix.dirname(page), decodeURIComponent(file));
  if (target === '.' || target.endsWith('/')) target = posix.join(target, 'index.html');
  if (!there.has(target)) return true;
  // What stands behind the # of a page that runs is its own affair.
  return (
    hash !== undefined &&
    hash !== '' &&
    target.endsWith('.html') &&
    !idsOf(target).has(decodeURIComponent(hash))
  );
}

it('weighs under 40 MB', () => {
  const bytes = files.reduce((sum, path) => sum + statSync(join(built, path)).size, 0);
  expect(bytes).toBeLessThan(40e6);
});

it('has no link that leads nowhere', () => {
  const dead = pages.flatMap((page) =>
    addresses(readFileSync(join(built, page), 'utf8'))
      .filter((address) => wrong(page, address))
      .map((address) => `${page}: ${address}`),
  );
  expect(dead).toEqual([]);
});

it('gives each page a policy, a language, a title of its own and a description', () => {
  const titles = new Map<string, string>();
  const lacking = pages
    .filter((path) => !path.startsWith('reference/') && path !== '404.html')
    .flatMap((path) => {
      const html = readFileSync(join(built, path), 'utf8');
      const title = /<title>([^<]*)<\/title>/.exec(html)?.[1] ?? '';
      const twin = titles.get(title);
      titles.set(title, path);
      return [
        !/<meta http-equiv="Content-Security-Policy"/.test(html) && 'policy',
        !/<html lang="en"/.test(html) && 'language',
        (title === '' || twin !== undefined) && `title (${title}, as ${twin})`,
        !/<meta name="description" content="[^"]{20,}"/.test(html) && 'description',
      ]
        .filter((what) => what !== false)
        .map((what) => `${path}: ${what}`);
    });
  expect(lacking).toEqual([]);
});
