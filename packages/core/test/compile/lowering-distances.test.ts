/** Distances of all pairs, of which a compiled function leaves nothing to eager kernels: values, gradients and second derivatives. */
import * as kindling from '@kindling/core';
import { autograd, type DType, randn, type Tensor, tensor } from '@kindling/core';
import { describe, it } from 'vitest';
import { type Case, expectLowered, values, worldOf } from '../support/lowered.ts';

const { Infinity: inf, NaN: nan } = globalThis;
const norms = [0, 0.5, 1, 1.5, 2, 3, 4.25, inf];

const pairOf =
  (a: number[], b: number[]) =>
  (dtype: DType): Tensor[] => [randn(a, { dtype }), randn(b, { dtype })];

/** Equal rows, zeros of both signs, NaN and infinities. */
const special = (dtype: DType): Tensor =>
  tensor(
    [
      [0, 1, -0],
      [-0, 1, 0],
      [inf, 1, 2],
      [nan, 1, 2],
      [-inf, 1, 2],
    ],
    { dtype },
  );

const distances = (a: Tensor, b: Tensor): Tensor[] => norms.map((p) => kindling.cdist(a, b, { p }));

/** The gradients, and those of the sum of their squares. */
const twice = (y: Tensor, ...leaves: Tensor[]): Tensor[] => {
  const first = autograd.grad([y.square().sum()], leaves, { createGraph: true });
  const norm = first.map((g) => g.square().sum()).reduce((a, b) => a.add(b));
  return [...first.map((g) => g.detach()), ...autograd.grad([norm], leaves)];
};

const cases: Readonly<Record<string, Case>> = {
  'few rows': { of: pairOf([4, 3], [5, 3]), run: distances },
  batches: { of: pairOf([2, 1, 4, 3], [3, 5, 3]), run: distances },
  'rows that lie apart': {
    of: pairOf([3, 4], [3, 5]),
    run: (a, b) => distances(a.t(), b.t().narrow(0, 1, 3)),
  },
  'no rows, and rows of no elements': {
    of: pairOf([4, 3], [5, 3]),
    run: (a, b) => [...distances(a.narrow(0, 0, 0), b), ...distances(a.narrow(1, 0, 0), b.narrow(1, 0, 0))],
  },
  'numbers of every kind': {
    of: (dtype) => [special(dtype), special(dtype).flip(0).detach()],
    run: distances,
  },
  'pairs of one matrix': {
    of: (dtype) => [values(6, 4)(dtype), special(dtype)],
    run: (x, y) => [
      ...norms.map((p) => kindling.pdist(x, { p })),
      ...norms.map((p) => kindling.pdist(y, { p })),
    ],
  },
  'second derivatives': {
    of: pairOf([4, 3], [5, 3]),
    run: (a, b) => [1.5, 2, 3, 4.25].flatMap((p) => twice(kindling.cdist(a, b, { p }), a, b)),
  },
};
const long: Case = {
  of: pairOf([130, 66], [140, 66]),
  run: (a, b) => [2.5, inf].map((p) => kindling.cdist(a, b, { p }).sum(0)),
};

describe('distances: no equation of a program is left to eager kernels', () => {
  for (const [name, one] of Object.entries({ ...cases, 'more than a block of rows and columns': long }))
    it.each(['float32', 'float64'] as const)(`${name}, %s`, (dtype) => expectLowered(worldOf(one, dtype)));
});
