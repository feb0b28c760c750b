import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { pageWithPolicy, scriptHashes } from '../../src/build/policy.ts';

const hash = (code: string) => `'sha256-${createHash('sha256').update(code).digest('base64')}'`;

it('names each script that stands in the page, once', () => {
  const html =
    '<script>a()</script><script src="b.js"></script><script id="c">d()\n</script><script>a()</script>';
  expect(scriptHashes(html)).toEqual([hash('a()'), hash('d()\n')]);
});

it('leaves out what is no script', () => {
  expect(scriptHashes('<script type="application/ld+json">{}</script>')).toEqual([]);
});

it('stands before anything that it rules', () => {
  const page = pageWithPolicy('<head><meta charset="utf-8"><script>a()</script></head>');
  expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.indexOf('<script>'));
  expect(page).toContain(`script-src 'self' 'wasm-unsafe-eval' ${hash('a()')}`);
  expect(page).not.toContain("'unsafe-eval'");
});
