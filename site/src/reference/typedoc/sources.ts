/**
 * The sources behind the reference, as pages of their own: what is described leads to its line, on whatever host the
 * site lies. Files in which nothing is described have none.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { SourceReference } from 'typedoc';
import { pageWithPolicy } from '../../build/policy.ts';
import { packagesDir } from '../entries.ts';
import { brand, escaped, head } from './layout.ts';

export class SourcePages {
  /** The lines of each file that something leads to. */
  readonly #lines = new Map<string, Set<number>>();

  /** The address of a declaration, from the folder of the reference; of what is no package's there is none. */
  addressOf({ fullFileName, line }: SourceReference): string | undefined {
    const path = relative(packagesDir, fullFileName);
    if (path.startsWith('..')) return undefined;
    const lines = this.#lines.get(path) ?? new Set();
    this.#lines.set(path, lines.add(line));
    return `source/${path}.html#L${line}`;
  }

  /** Writes the pages of what was asked for. */
  write(outDir: string): void {
    for (const [path, lines] of this.#lines) {
      const file = join(outDir, `source/${path}.html`);
      mkdirSync(dirname(file), { recursive: true });
      const home = '../'.repeat(path.split('/').length);
      const code = marked(readFileSync(join(packagesDir, path), 'utf8'), lines);
      writeFileSync(file, pageWithPolicy(framed(path, code, home)));
    }
  }
}

/** Some hundred pages that are read for a moment: without the tree of names, and what it takes to run it. */
const framed = (path: string, code: string, home: string): string =>
  `<!DOCTYPE html><html class="default" lang="en">${head(`${path} | Kindling`, home)}
<body><header class="tsd-page-toolbar"><div class="tsd-toolbar-contents container">${brand(home)}</div></header>
<main class="container"><h1>${escaped(path).replaceAll('/', '/<wbr>')}</h1><pre class="k-source" tabindex="0">${code}</pre></main></body></html>`;

/** Code with a place at each of the lines, and comments apart. */
const marked = (code: string, lines: ReadonlySet<number>): string =>
  code
    .split('\n')
    .map((line, i) => {
      const text = /^\s*(?:\/?\*|\/\/)/.test(line) ? `<i>${escaped(line)}</i>` : escaped(line);
      return lines.has(i + 1) ? `<b id="L${i + 1}">${text}</b>` : text;
    })
    .join('\n');
