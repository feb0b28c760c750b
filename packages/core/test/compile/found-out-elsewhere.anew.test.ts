/** How a call is held against eager's where there is no `Buffer`, as in browsers. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

beforeEach(() => vi.resetModules());
afterEach(() => vi.unstubAllGlobals());

it.each([
  ['float32', [1, 2, 3, 4], [1, 2, 3, 5], 'at element 3: 4 against 5'],
  ['float32', [0, 1], [-0, 1], 'at element 0: 0 against -0'],
  ['uint8', [1, 0, 1, 1, 0], [1, 0, 1, 1, 1], 'at element 4: 0 against 1'],
  ['uint8', [1, 0, 1, 1], [1, 0, 0, 1], 'at element 2: 1 against 0'],
  ['float32', [NaN, 1], [NaN, 1], null],
] as const)('tells apart every element of %s: %j and %j: %s', async (dtype, before, after, difference) => {
  vi.stubGlobal('Buffer', undefined);
  const { compile, tensor } = await import('../../src/index.ts');
  vi.unstubAllGlobals();
  let given: readonly number[] = before;
  const f = compile(() => tensor(given, { dtype }), { check: true });
  for (let i = 0; i < 3; i++) expect(f().toArray()).toEqual(before);
  given = after;
  if (difference === null) f();
  else expect(() => f()).toThrow(`result 0 of shape [${before.length}] differs from eager's ${difference}`);
});
