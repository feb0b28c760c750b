/** Every `@example` of the sources compiles, as doctest.test.ts runs it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compileErrors, type Example, examplesOf } from './doctest/index.ts';
import { packages, sourceFiles } from './support/sources.ts';

it('every example compiles', { timeout: 120_000 }, () => {
  const pathOf = new Map<Example, string>();
  for (const path of sourceFiles()) {
    for (const example of examplesOf(path, readFileSync(join(packages, path), 'utf8')))
      pathOf.set(example, path);
  }
  const errors = compileErrors([...pathOf.keys()]).map(
    ({ example, line, message }) => `packages/${pathOf.get(example)}:${example.codeLine + line} ${message}`,
  );
  expect(errors.join('\n')).toBe('');
});
