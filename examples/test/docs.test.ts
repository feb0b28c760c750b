/**
 * Runs every TypeScript block of the documentation. A block that begins with an import starts a program; the
 * blocks after it, up to the next such block, continue it. Blocks in other languages, or marked `ts
 * fragment`, are not run. What a program prints may be quoted below it, in a block `text output`: it must print that.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = join(import.meta.dirname, '../out/docs');

interface Program {
  /** The line of the page where it begins. */
  readonly line: number;
  readonly code: string;
  /** What the page says that it prints, in this order, perhaps with other things between. */
  readonly outputs: readonly string[];
}

/** The programs of a page; each line of code stands in the line where it stands on the page. */
export function programsOf(page: string): Program[] {
  const programs: { line: number; code: string; outputs: string[] }[] = [];
  for (const match of page.matchAll(/^```(ts|typescript|text output)\n([\s\S]*?)^```$/gm)) {
    const [, language, text = ''] = match;
    const before = programs.at(-1);
    if (language === 'text output') {
      if (before === undefined) throw new Error('a page begins with output, before any program');
      before.outputs.push(text);
      continue;
    }
    const line = page.slice(0, match.index).split('\n').length + 1;
    const program =
      before === undefined || /^import\b/.test(text)
        ? { line, code: '\n'.repeat(line - 1), outputs: [] }
        : before;
    if (program !== before) programs.push(program);
    program.code += '\n'.repeat(line - program.code.split('\n').length) + text;
  }
  return programs;
}

/** The first of some texts that does not stand in the others' text behind the one before it. */
function missingOutput(printed: string, outputs: readonly string[]): string | undefined {
  let from = 0;
  return outputs.find((output) => {
    const at = printed.indexOf(output, from);
    from = at + output.length;
    return at < 0;
  });
}

const pages = [
  'README.md',
  'AGENTS.md',
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
  it.each(programs.map((program) => [program.line, program] as const))(
    'runs from line %i',
    async (line, { code, outputs }) => {
      const file = join(folder, `${page.replace(/\W/g, '-')}-${line}.ts`);
      writeFileSync(file, code);
      let printed = '';
      const print = (...values: unknown[]): void => {
        printed += `${format(...values)}\n`;
      };
      const spies = (['log', 'warn'] as const).map((level) =>
        vi.spyOn(console, level).mockImplementation(print),
      );
      try {
        await import(pathToFileURL(file).href);
      } finally {
        for (const spy of spies) spy.mockRestore();
      }
      const missing = missingOutput(printed, outputs);
      if (missing !== undefined) expect(printed).toContain(missing);
    },
  );
  it.runIf(programs.length === 0)('has no programs', () => {
    expect(programs).toEqual([]);
  });
});

const fenced = (info: string, ...lines: string[]): string[] => [`\`\`\`${info}`, ...lines, '```'];

describe('programsOf', () => {
  it('joins blocks until the next import, and keeps their lines', () => {
    const page = [
      ...fenced('ts', "import 'a';"),
      '',
      ...fenced('ts', 'b();'),
      ...fenced('sh', 'ls'),
      ...fenced('ts', "import 'c';"),
    ];
    const [first, second] = programsOf(page.join('\n'));
    expect(first).toEqual({ line: 2, code: "\nimport 'a';\n\n\n\nb();\n", outputs: [] });
    expect(second!.code.trim()).toBe("import 'c';");
  });

  it('gives each program the output that is quoted below it', () => {
    const page = [...fenced('ts', 'a();'), ...fenced('text output', '1', '2'), ...fenced('text', '3')];
    expect(programsOf(page.join('\n'))).toEqual([{ line: 2, code: '\na();\n', outputs: ['1\n2\n'] }]);
  });
});

describe('missingOutput', () => {
  it('is what was not printed, or not in the order of the page', () => {
    expect(missingOutput('1\n2\n3\n', ['1\n', '3\n'])).toBeUndefined();
    expect(missingOutput('1\n2\n3\n', ['3\n', '1\n'])).toBe('1\n');
    expect(missingOutput('1\n', ['2\n'])).toBe('2\n');
  });
});
