/** Rows that eager kernels take in parts: a compiled function leaves them to no eager kernel, and has the bits of eager. */
import { type DType, fusedCrossEntropy, randint, randn, type Tensor, tensor } from '@kindling/core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { rowLimits } from '../../src/kernels/rows/long-rows.ts';
import { expectSameBits } from '../support/compiled.ts';
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

const entropy = (
  x: Tensor,
  t: Tensor,
  weight: Tensor | null,
  reduction: 'none' | 'sum' | 'mean',
  labelSmoothing: number,
) =>
  fusedCrossEntropy(x, t, weight?.detach() ?? null, {
    ...{ dim: x.ndim === 1 ? 0 : 1, ignoreIndex: 2, caller: 'crossEntropy' },
    ...{ reduction, labelSmoothing },
  });
const entropies = (x: Tensor, target: Tensor, weight: Tensor | null): Tensor[] =>
  (['none', 'sum', 'mean'] as const).flatMap((reduction) =>
    [0, 0.1].map((smoothing) => entropy(x, target, weight, reduction, smoothing)),
  );
const classes = (...shape: number[]) => randint(0, 9, shape, { dtype: 'int32' });
const entropyCases: Readonly<Record<string, Case>> = {
  'of classes': {
    of: (dtype) => [randn([5, 9], { dtype }), tensor([1, 2, 8, 0, 2])],
    run: (x, t) => entropies(x, t, null),
  },
  'of classes with weights': {
    of: (dtype) => [randn([5, 9], { dtype }), classes(5).to('uint8'), randn([9], { dtype }).abs()],
    run: entropies,
  },
  'of classes without weight': {
    of: (dtype) => [randn([4, 9], { dtype }), classes(4), tensor([0, 0, 0, 0, 0, 0, 0, 0, 0], { dtype })],
    run: entropies,
  },
  'of images': {
    of: (dtype) => [randn([2, 9, 3], { dtype }), classes(2, 3), randn([9], { dtype }).abs()],
    run: entropies,
  },
  'of one row': { of: (dtype) => [randn([9], { dtype }), tensor(4)], run: (x, t) => entropies(x, t, null) },
  'of none that counts': {
    of: (dtype) => [randn([2, 9], { dtype }), tensor([2, 2])],
    run: (x, t) => entropies(x, t, null),
  },
  'of distributions': {
    of: (dtype) => [
      randn([4, 9], { dtype }),
      randn([4, 9], { dtype }).softmax(1).detach(),
      randn([9], { dtype }),
    ],
    run: (x, t, w) => [...entropies(x, t.detach(), null), ...entropies(x, t.detach(), w)],
  },
  'of special values': {
    of: (dtype) => [...special(dtype), tensor([3, 6, 2, 6, 6])],
    run: (x, t) => entropies(x, t, null),
  },
};

describe('cross-entropy of long rows: no equation of a program is left to eager kernels', () => {
  for (const [name, one] of Object.entries(entropyCases))
    it.each(['float32', 'float64'] as const)(`${name}, %s`, (dtype) => expectLowered(worldOf(one, dtype)));
  it('refuses what is no class as eager does', () => {
    const call = (x: Tensor, t: Tensor): Tensor => entropy(x, t, null, 'mean', 0);
    const argumentsOf = (i: number): Tensor[] => [randn([2, 9]), tensor([1, i === 3 ? 9 : 3])];
    expectSameBits(() => ({ call, argumentsOf }), 6);
  });
});

describe('long rows: no equation of a program is left to eager kernels', () => {
  for (const [name, one] of Object.entries(cases))
    it.each(['float32', 'float64'] as const)(`${name}, %s`, (dtype) => expectLowered(worldOf(one, dtype)));
});
