/** README shows some of what docs/performance.md has, in the same numbers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './support/sources.ts';

/** The rows of a page's tables whose first cells name what is timed, not what is said. */
const rowsOf = (page: string): string[] =>
  readFileSync(join(root, page), 'utf8')
    .split('\n')
    .filter((line) => /^\| [^|]+ \|.*\d \(|^\| PyTorch, /.test(line));

it('the times in README are those of the performance page', () => {
  const times = rowsOf('README.md');
  expect(times.length).toBeGreaterThan(5);
  expect(rowsOf('docs/performance.md')).toEqual(expect.arrayContaining(times));
});
