import { describe, expect, it } from 'vitest';
import {
  placeholderBase as base,
  pageWithBase,
  rootedPage,
  scriptWithBase,
  styleWithBase,
} from '../../src/build/base.ts';

/** What a script gives where a page has found its base. */
function valueOf(code: string, found?: string): unknown {
  const global = globalThis as { __kindlingBase?: string | undefined };
  global.__kindlingBase = found;
  try {
    return new Function(scriptWithBase(code))();
  } finally {
    delete global.__kindlingBase;
  }
}

describe('a script', () => {
  it.each([
    ['a string', `return "${base}"`, '/x/'],
    ['a string with more on either side', `return 'a href="${base}b.html" c'`, 'a href="/x/b.html" c'],
    ['a string that has the base twice', `return "${base}a ${base}b"`, '/x/a /x/b'],
    ['a template', `const n = 1; return \`${base}\${n}.js\``, '/x/1.js'],
    ['a key', `return ({["${base}k"]: 2})["/x/k"]`, 2],
  ])('takes the base of the page in %s', (_, code, value) => {
    expect(valueOf(code, '/x/')).toBe(value);
  });

  it('takes the root where no page has found one, as in workers', () => {
    expect(valueOf(`return "${base}a.js"`)).toBe('/a.js');
  });

  it('stays as it is without the placeholder', () => {
    const code = 'export const a = "/b/";';
    expect(scriptWithBase(code)).toBe(code);
  });
});

describe('a page', () => {
  const html = `<html><head><link href="${base}assets/a.css"></head><body><script>f("${base}")</script><script type="module" src="${base}assets/a.js"></script></body></html>`;

  it('names what it needs by the way from where it lies', () => {
    const page = pageWithBase(html, 'losses/a.html');
    expect(page).toContain('href="../assets/a.css"');
    expect(page).toContain('src="../assets/a.js"');
    expect(page).not.toContain(base);
    expect(pageWithBase(html, 'a.html')).toContain('href="./assets/a.css"');
  });

  it('finds its base before its scripts run', () => {
    const page = pageWithBase(html, 'losses/a.html');
    expect(page).toContain(
      '<head><script>globalThis.__kindlingBase=new URL("../",location.href).pathname</script>',
    );
    expect(page).toContain(`f((""+(globalThis.__kindlingBase??'/')+""))`);
  });

  it('has whole addresses in its links, for when others are shown in its place', () => {
    const page = pageWithBase('<html><head></head><body><a href="./b.html">b</a></body></html>', 'a.html');
    expect(page).toMatch(/<script>for\(const e of document[^<]*<\/script><\/body>/);
  });

  it('of an error takes the root of the host', () => {
    expect(rootedPage(html)).toContain('href="/assets/a.css"');
  });
});

it('a style sheet names its files from where it lies', () => {
  expect(styleWithBase(`a{background:url(${base}assets/b.png)}`, 'assets/c.css')).toBe(
    'a{background:url(../assets/b.png)}',
  );
});
