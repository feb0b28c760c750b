/**
 * Runs every TypeScript block of the documentation. A block that begins with an import starts a program; the
 * blocks after it, up to the next such block, continue it. Blocks in other languages, or marked `ts
 * fragment`, are not run.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = join(import.meta.dirname, '../out/docs');

interface Program {
  /** The line of the page where it begins. */
  readonly line: number;
  readonly code: string;
}

/** The programs of a page; each line of code stands in the line where it stands on the page. */
export function programsOf(page: string): Program[] {
  const programs: { line: number; code: string }[] = [];
  for (const match of page.matchAll(/^```(?:ts|typescript)\n([\s\S]*?)^```$/gm)) {
    const code = match[1]!;
    const line = page.slice(0, match.index).split('\n').length + 1;
    if (/^import\b/.test(code) || programs.length === 0) programs.push({ line, code: '\n'.repeat(line - 1) });
    const program = programs[programs.length - 1]!;
    program.code += '\n'.repeat(line - program.code.split('\n').length) + code;
  }
  return programs;
}

const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  ...readdirSync(join(root, 'packages')).map((name) => join('packages', name, 'README.md')),
];

const home = process.cwd();
// What programs write stays here.
beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

describe.each(pages)('%s', (page) => {
  const programs = programsOf(readFileSync(join(root, page), 'utf8'));
  it.each(programs.map((program) => [program.line, program.code] as const))(
    'runs from line %i',
    async (line, code) => {
      const file = join(folder, `${page.replace(/\W/g, '-')}-${line}.ts`);
      writeFileSync(file, code);
      const log = vi.spyOn(console, 'log').mockImplementation(() => {});
      try {
        await import(pathToFileURL(file).href);
      } finally {
        log.mockRestore();
      }
    },
  );
  it.runIf(programs.length === 0)('has no programs', () => {
    expect(programs).toEqual([]);
  });
});

describe('programsOf', () => {
  it('joins blocks until the next import, and keeps their lines', () => {
    const fence = '```';
    const page = [
      `${fence}ts`,
      "import 'a';",
      fence,
      '',
      `${fence}ts`,
      'b();',
      fence,
      `${fence}sh`,
      'ls',
      fence,
      `${fence}ts`,
      "import 'c';",
      fence,
    ];
    const [first, second] = programsOf(page.join('\n'));
    expect(first).toEqual({ line: 2, code: "\nimport 'a';\n\n\n\nb();\n" });
    expect(second!.code.trim()).toBe("import 'c';");
  });
});
