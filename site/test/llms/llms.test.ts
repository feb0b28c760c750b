/** What the built site has for language models. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeLlms } from '../../src/llms/index.ts';
import { pageOf, withLinksAmong } from '../../src/llms/page.ts';

let folder = '';
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'llms-'));
  writeLlms(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const links = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, link = '']) => link);

describe('llms.txt', () => {
  it('is a heading, a summary, and sections of links', () => {
    expect(read('llms.txt')).toMatch(/^# Kindling\n\n> [\s\S]+?\n\n## [\s\S]+\n- \[.+\]\(.+\): .+/);
  });

  it('leads to the guides as Markdown, which lie beside it', () => {
    const files = readdirSync(folder);
    const markdown = links(read('llms.txt')).filter((link) => link.endsWith('.md'));
    expect(markdown).toEqual(expect.arrayContaining(['AGENTS.md', 'quick-start.md', 'ledger.md']));
    expect(markdown.filter((link) => !files.includes(link))).toEqual([]);
  });

  it('begins its links with the base that it is given', () => {
    const other = mkdtempSync(join(tmpdir(), 'llms-'));
    writeLlms(other, 'https://example.org/kindling/');
    const text = readFileSync(join(other, 'llms.txt'), 'utf8');
    rmSync(other, { recursive: true });
    expect(links(text).every((link) => link.startsWith('https://example.org/kindling/'))).toBe(true);
  });
});

describe('the guides as Markdown', () => {
  it('have no frontmatter, and no link that leads nowhere', () => {
    const files = readdirSync(folder);
    for (const file of files.filter((name) => name.endsWith('.md'))) {
      const text = read(file);
      expect(text, file).toMatch(/^# /);
      const outside = links(text).filter((link) => !/^https?:/.test(link) && !files.includes(link));
      expect(outside, file).toEqual([]);
    }
  });

  it('stand in llms-full.txt too, the page for agents first', () => {
    const full = read('llms-full.txt');
    expect(full.startsWith(read('AGENTS.md').trim())).toBe(true);
    expect(full).toContain(read('performance.md').trim());
  });
});

describe('a page', () => {
  it('is called and described by its frontmatter, or by its heading and first sentence', () => {
    expect(pageOf('---\ntitle: A\ndescription: "B: c."\n---\n\n# D\n')).toMatchObject({
      title: 'A',
      description: 'B: c.',
      body: '# D',
    });
    expect(pageOf('# D\n\n<!-- made -->\n\nOne [two](x.md). Three.\n')).toMatchObject({
      title: 'D',
      description: 'One two.',
    });
  });

  it('keeps links to pages that are there, from wherever it lay', () => {
    const there = new Set(['a.md']);
    expect(withLinksAmong('[a](docs/a.md#b) [c](../c.md) [d](https://d.org)', there)).toBe(
      '[a](a.md#b) c [d](https://d.org)',
    );
  });
});
