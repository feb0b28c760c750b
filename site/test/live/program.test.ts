import { describe, expect, it } from 'vitest';
import { importedNames, placeOf, runProgram } from '../../src/live/program.ts';

/** Runs blocks; what they print, and what ended them. */
async function run(...blocks: string[]) {
  const printed: unknown[] = [];
  const entered: number[] = [];
  const failure = await runProgram(blocks, {
    require: (name) => ({ __esModule: true, default: name, five: 5 }),
    console: { log: (...values: unknown[]) => printed.push(...values) },
    enterBlock: (block) => entered.push(block),
  });
  return { printed, entered, failure };
}

describe('a program', () => {
  it('loses its types, and waits where it says so', async () => {
    const { printed, failure } = await run(
      'const x: number = await Promise.resolve(2);\nconsole.log(x satisfies number);',
    );
    expect({ printed, failure }).toEqual({ printed: [2], failure: undefined });
  });

  it('goes on from block to block, each of which is announced', async () => {
    const { printed, entered } = await run('const a = 1;', 'console.log(a + 1);', 'console.log(a + 2)');
    expect(printed).toEqual([2, 3]);
    expect(entered).toEqual([0, 1, 2]);
  });

  it('imports by names, as wholes and as defaults', async () => {
    const { printed } = await run(
      "import { five } from 'p';\nimport * as p from 'p';\nimport d from 'q';\nconsole.log(five, p.five, d);",
    );
    expect(printed).toEqual([5, 5, 'q']);
  });

  it.each([
    [
      'an error that it throws',
      ['let a = 1;', 'a++;\n\nthrow new RangeError("no");'],
      { name: 'RangeError', message: 'no', block: 1, line: 2 },
    ],
    [
      'an error in a function',
      ['function f() {\n  throw new Error("f");\n}', 'f();'],
      { name: 'Error', message: 'f', block: 0, line: 1 },
    ],
    [
      'a name that is not there',
      ['\nnothing();'],
      { name: 'ReferenceError', message: 'nothing is not defined', block: 0, line: 1 },
    ],
  ])('that ends in %s tells the block and the line', async (_, blocks, failure) => {
    expect((await run(...blocks)).failure).toEqual(failure);
  });

  it('with an error of grammar tells where, and what', async () => {
    const { failure } = await run('const a = 1;', 'const b = ;');
    expect(failure).toMatchObject({ name: 'SyntaxError', block: 1, line: 0 });
    expect(failure?.message).toMatch(/unexpected token/i);
    expect(failure?.message).not.toMatch(/program\.ts|\(\d+:\d+\)/);
  });
});

it('importedNames finds what is imported and exported from, in either kind of quotes', () => {
  expect(
    importedNames(
      `import 'a';\nimport { b } from "b";\nconst c = await import('c');\nimport type { D } from 'b';`,
    ),
  ).toEqual(['a', 'b', 'c']);
});

it('placeOf divides the lines of the whole among the blocks', () => {
  const blocks = ['a\nb', 'c', 'd\ne'];
  expect([0, 1, 2, 3, 4, 5].map((line) => placeOf(blocks, line))).toEqual([
    { block: 0, line: 0 },
    { block: 0, line: 1 },
    { block: 1, line: 0 },
    { block: 2, line: 0 },
    { block: 2, line: 1 },
    undefined,
  ]);
});
