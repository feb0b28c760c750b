/** Rows that eager kernels take in parts: a compiled function leaves them to no eager kernel, and has the bits of eager. */
import { type DType, randn, type Tensor, tensor } from '@kindling/core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { rowLimits } from '../../src/kernels/rows/long-rows.ts';
import { type Case, expectLowered, worldOf } from '../support/lowered.ts';

const { longest } = rowLimits;
beforeAll(() => {
  rowLimits.longest = 6;
});
afterAll(() => {
  rowLimits.longest = longest;
});

const values =
  (...shape: number[]) =>
  (dtype: DType): Tensor[] => [randn(shape, { dtype })];
const { Infinity: inf, NaN: nan } = globalThis;
const special = (dtype: DType): Tensor[] => [
  tensor(
    [
      [1, 2, 3, -inf, 5, 6, 7, 8],
      [-inf, -inf, -inf, -inf, -inf, -inf, 2, 1],
      [-inf, -inf, -inf, -inf, -inf, -inf, -inf, -inf],
      [1, 2, 3, 4, 5, 6, inf, 1],
      [1, 2, 3, 4, 5, 6, nan, inf],
    ],
    { dtype },
  ),
];
const all = (x: Tensor, dim: number): Tensor[] => [x.softmax(dim), x.logSoftmax(dim), x.logsumexp(dim)];

const cases: Readonly<Record<string, Case>> = {
  'along the last dim': { of: values(3, 20), run: (x) => all(x, 1) },
  'along another dim': { of: values(2, 13, 3), run: (x) => all(x, 1) },
  'of a view': { of: values(9, 4), run: (x) => all(x.t(), 1) },
  'of special values': { of: special, run: (x) => all(x.detach(), 1) },
};

describe('long rows: no equation of a program is left to eager kernels', () => {
  for (const [name, one] of Object.entries(cases))
    it.each(['float32', 'float64'] as const)(`${name}, %s`, (dtype) => expectLowered(worldOf(one, dtype)));
});
