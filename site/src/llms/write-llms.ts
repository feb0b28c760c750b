/** Writes, into the built site, what language models read. Follows https://llmstxt.org. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DefaultTheme } from 'vitepress';
import { sidebar } from '../navigation.ts';
import { type Page, pageOf, withLinksAmong } from './page.ts';

const root = join(import.meta.dirname, '../../..');
const docs = join(root, 'docs');

const summary = `> PyTorch for TypeScript: tensors with reverse-mode autodiff, layers, losses and optimizers that train small nets on the CPU, in Node,
> Deno, Bun and browsers. Names, arguments, semantics, random streams and files are PyTorch's, in camelCase; whatever is optional stands in one object at the end
> of a call. Nothing is disposed, everything is synchronous.`;

interface Section {
  readonly title: string;
  /** The names of its pages, without an ending. */
  readonly names: readonly string[];
}

/** The sections of the guides' sidebar. */
function sections(): Section[] {
  const groups: readonly DefaultTheme.SidebarItem[] = Array.isArray(sidebar)
    ? sidebar
    : itemsOf(sidebar['/']);
  return groups.map(({ text = '', items = [] }) => ({
    title: text,
    names: items.flatMap(({ link }) => (link === undefined ? [] : [link.replace(/^\//, '')])),
  }));
}

const itemsOf = (
  group: DefaultTheme.SidebarMulti[string] | undefined,
): readonly DefaultTheme.SidebarItem[] => (Array.isArray(group) ? group : (group?.items ?? []));

/** The sections that a reader short of room leaves out, by the convention under this heading. */
const optional: readonly string[] = ['See', 'Project'];

/**
 * Writes llms.txt, llms-full.txt, AGENTS.md and each guide as Markdown beside its HTML.
 * @param base what links begin with; nothing where they are relative to llms.txt
 */
export function writeLlms(outDir: string, base = ''): void {
  const names = readdirSync(docs).flatMap((file) => (/^\w[\w-]*\.md$/.test(file) ? [file.slice(0, -3)] : []));
  const pages = new Map(names.map((name) => [name, pageOf(readFileSync(join(docs, `${name}.md`), 'utf8'))]));
  const guides = new Map([...pages].filter(([, page]) => !page.isProgram));
  const there = new Set(['AGENTS.md', ...[...guides.keys()].map((name) => `${name}.md`)]);
  const text = (page: Page): string => withLinksAmong(page.body, there);

  const entry = (name: string): string[] => {
    const page = pages.get(name);
    if (page === undefined) return [];
    const file = page.isProgram ? `${name}.html` : `${name}.md`;
    return [`- [${page.title}](${base}${file})${page.description === '' ? '' : `: ${page.description}`}`];
  };
  const listed = (title: string, all: readonly string[]): string =>
    all.length === 0 ? '' : `## ${title}\n\n${all.join('\n')}\n`;

  const all = sections();
  const agents = pageOf(readFileSync(join(root, 'AGENTS.md'), 'utf8'));
  const reference = existsSync(join(outDir, 'reference/index.html'))
    ? [`- [Reference](${base}reference/index.html): every public name, from the docstrings.`]
    : [];
  const start = [
    `- [For coding agents](${base}AGENTS.md): the rules, a first program, ten mistakes, how to check.`,
    `- [All of it](${base}llms-full.txt): the guides below in one file.`,
  ];
  const main = all.filter(({ title }) => !optional.includes(title));
  const rest = all.filter(({ title }) => optional.includes(title)).flatMap((s) => s.names.flatMap(entry));
  const index = [
    `# Kindling\n\n${summary}\n`,
    listed('Begin here', start),
    ...main.map((section) => listed(section.title, section.names.flatMap(entry))),
    listed('Optional', [...reference, ...rest]),
  ];
  const full = main
    .flatMap((section) => section.names)
    .flatMap((name) => {
      const guide = guides.get(name);
      return guide === undefined ? [] : [text(guide)];
    });

  mkdirSync(outDir, { recursive: true });
  const write = (file: string, content: string): void =>
    writeFileSync(join(outDir, file), `${content.trim()}\n`);
  write('llms.txt', index.filter((part) => part !== '').join('\n'));
  write('llms-full.txt', [text(agents), ...full].join('\n\n---\n\n'));
  write('AGENTS.md', text(agents));
  for (const [name, page] of guides) write(`${name}.md`, text(page));
}
