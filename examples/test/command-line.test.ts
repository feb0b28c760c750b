import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { linesOf } from '../command-line.ts';
import { runExample } from './support/run.ts';

const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const examples = Object.entries(scripts).flatMap(([name, script]) =>
  script === `tsx examples/${name}.ts` ? [name] : [],
);

it('there are examples', () => {
  expect(examples).toEqual(expect.arrayContaining(['mnist', 'losses-tour', 'train-with-every-loss']));
});

it.each(examples)('%s --help tells in 80 columns what it does and what it takes', (name) => {
  const { status, stdout, stderr } = runExample(name, ['--help']);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`Usage: pnpm ${name} [options]`);
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
});

it('a flag that is not there is refused in a word', () => {
  expect(runExample('losses-tour', ['--epock', '2'])).toMatchObject({
    status: 2,
    stdout: '',
    stderr: "losses-tour: Unknown option '--epock'\nTry --help.\n",
  });
});

it('a text is broken between words, unless one is longer than a line', () => {
  expect(linesOf('one two three four', 9)).toEqual(['one two', 'three', 'four']);
  expect(linesOf('one incomprehensible word', 9)).toEqual(['one', 'incomprehensible', 'word']);
  expect(linesOf('fits exactly', 12)).toEqual(['fits exactly']);
});
