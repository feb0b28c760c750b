/**
 * Runs every `@example` of the sources, each alone: what the comment behind a statement says must be what the
 * statement's value prints. See doctest/instrument.ts for what counts as a claim.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '@kindling/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Example, examplesOf, runExample } from './doctest/index.ts';
import { exampleScope } from './support/scope.ts';
import { packages, sourceFiles } from './support/sources.ts';

const sources = sourceFiles();

/** A package that does not load fails its own examples, not those of the packages below it. */
const [nn, optim] = await Promise.all([
  import('@kindling/nn').catch(() => null),
  import('@kindling/optim').catch(() => null),
]);

const scope = exampleScope(nn, optim);

/** A failed example as its author wants to read it: where, and what to write instead. */
async function report(path: string, example: Example): Promise<string> {
  const { failures, error } = await runExample(example.code, scope);
  const at = (line: number): string => `packages/${path}:${example.codeLine + line}`;
  const messages = failures
    .filter(({ got }) => got !== null || error === null)
    .map(
      ({ claim, got }) =>
        `${at(claim.line)}  ${claim.statement}\n  says  // ${claim.kind === 'error' ? 'throws ' : ''}${claim.text}\n` +
        `  is    ${got === null ? (claim.kind === 'error' ? '(nothing thrown)' : '(not reached)') : `// ${got}`}`,
    );
  if (error !== null) messages.push(`${at(error.line)}  throws ${String(error.error)}`);
  return messages.join('\n');
}

/** Without a stack: the message says where. */
class DoctestError extends Error {
  override name = 'Doctest';
  override stack = '';
}

let directory: string;
const home = process.cwd();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kindling-doctest-'));
  process.chdir(directory);
  core.manualSeed(0);
  core.setDefaultDtype('float32');
  core.setPrintOptions({ profile: 'default' });
  core.autograd.setDetectAnomaly(false);
  nn?.setInputChecks('warn');
});

afterEach(() => {
  process.chdir(home);
  rmSync(directory, { recursive: true, force: true });
  vi.restoreAllMocks();
});

const all = sources.flatMap((path) =>
  examplesOf(path, readFileSync(join(packages, path), 'utf8')).map((example) => ({ path, example })),
);

describe('examples', () => {
  for (const { path, example } of all) {
    it(`${path}:${example.line} ${example.name}`, async () => {
      vi.spyOn(console, 'warn').mockImplementation(() => {});
      const message = await report(path, example);
      if (message !== '') throw new DoctestError(message);
    });
  }
});

describe('the doctest itself', () => {
  const run = (code: string) => runExample(code, scope);
  const got = async (code: string) => (await run(code)).failures.map((failure) => failure.got);

  it('finds the examples of a file, none left out', () => {
    const written = sources.map((path) =>
      readFileSync(join(packages, path), 'utf8').match(/^\s*(\/\*)?\*+ @example\b/gm),
    );
    expect(all).toHaveLength(written.flatMap((matches) => matches ?? []).length);
  });

  it('takes fenced blocks and the form of one line', () => {
    const fence = '```';
    const source = [
      '/**',
      ' * Adds.',
      ' *',
      ' * @example',
      ` * ${fence}ts`,
      ' * add(1);',
      ' *   two();',
      ` * ${fence}`,
      ' * @throws never',
      ' */',
      'export function add() {}',
      'class A {',
      '  /** @example one(); // 1 */',
      '  b() {}',
      '}',
    ];
    expect(examplesOf('a.ts', source.join('\n'))).toEqual([
      { line: 4, name: 'add', code: 'add(1);\n  two();', codeLine: 6 },
      { line: 13, name: 'A.b', code: 'one(); // 1', codeLine: 13 },
    ]);
  });

  it('compares values, declarations, logs, errors and what functions return', async () => {
    const code = [
      "'a' + 'b'; // 'ab'",
      'const { length } = [1, 2]; // [ 1, 2 ]',
      'length; // 2',
      'console.log("a", 1); // a 1',
      'for (const i of [1, 2]) console.log(i); // 1',
      '                                        // 2',
      'ones([2, 2]); // tensor([[1., 1.],',
      '              //         [1., 1.]])',
      'add(ones([2]), ones([3])); // throws ShapeError: ',
      'const twice = (x: number): number => {',
      '  return 2 * x; // 4',
      '};',
      'await Promise.resolve(twice(2)); // 4',
    ];
    expect(await run(code.join('\n'))).toEqual({ failures: [], error: null });
  });

  it('says what came instead', async () => {
    expect(await got('1 + 1; // 3')).toEqual(['2']);
    expect(await got('1 + 1; // throws ValueError: no')).toEqual([null]);
    expect(await got('add(ones([2]), ones([3])); // throws ValueError: no')).toEqual([
      expect.stringContaining('ShapeError'),
    ]);
    expect(await got('if (false as boolean) {\n  1 + 1; // 2\n}')).toEqual([null]);
    expect(await run('1;\n\nnowhere();')).toEqual({
      failures: [],
      error: { line: 2, error: new ReferenceError('nowhere is not defined') },
    });
  });

  it('honours imports of packages and lets names be declared anew', async () => {
    const code =
      "import { tensor as t, type Tensor } from '@kindling/core';\nconst tensor: Tensor = t([1]); // tensor([1])";
    expect(await run(code)).toEqual({ failures: [], error: null });
    await expect(run("import './a.ts';")).rejects.toThrow('local file');
  });
});
