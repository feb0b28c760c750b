/** Second derivatives, as of gradient penalties, of which a compiled function leaves nothing to eager kernels. */
import * as kindling from '@kindling/core';
import { autograd, type DType, randint, randn, type Tensor, tensor } from '@kindling/core';
import { describe, it } from 'vitest';
import { type Case, expectLowered, worldOf } from '../support/lowered.ts';

/** The gradient by `x`, and that of its square. */
function twice(y: Tensor, x: Tensor): Tensor[] {
  const [g] = autograd.grad([y.square().sum()], [x], { createGraph: true });
  return [g!.detach(), autograd.grad([g!.square().sum()], [x])[0]!];
}

const values =
  (...shape: number[]) =>
  (dtype: DType): Tensor[] => [randn(shape, { dtype })];
const classes =
  (n: number, ...shape: number[]) =>
  (dtype: DType): Tensor[] => [
    randn(shape, { dtype }),
    randint(0, n, shape.toSpliced(1, 1), { dtype: 'int32' }),
    kindling.arange(n).add(0.25).to(dtype).detach(),
  ];
const attributes = { dim: 1, ignoreIndex: 2, labelSmoothing: 0, caller: 'crossEntropy' };
const crossEntropies = (x: Tensor, t: Tensor, w: Tensor | null): Tensor[] =>
  (['none', 'sum', 'mean'] as const).flatMap((reduction) =>
    [0, 0.1].flatMap((labelSmoothing) =>
      twice(
        kindling.fusedCrossEntropy(x, t, w?.detach() ?? null, { ...attributes, reduction, labelSmoothing }),
        x,
      ),
    ),
  );

/** Rows with no zero, with one, with some. */
const withZeros = [
  [1.5, 2, -3, 0.5],
  [1.5, 0, -3, 0.5],
  [0, 2, -3, -0],
];

const withInfinities = [
  [1.5, Number.POSITIVE_INFINITY, 0, 2],
  [0.5, 2, -3, 0.25],
  [Number.NEGATIVE_INFINITY, Number.NaN, 3, 1],
];

const cases: Readonly<Record<string, Case>> = {
  'cross-entropy of classes': { of: classes(5, 9, 5), run: (x, t) => crossEntropies(x, t, null) },
  'cross-entropy of classes with weights': {
    of: classes(5, 9, 5),
    run: (x, t, w) => crossEntropies(x, t.to('uint8'), w),
  },
  'cross-entropy of images': { of: classes(5, 3, 5, 2, 2), run: (x, t, w) => crossEntropies(x, t, w) },
  products: {
    of: (dtype) => [tensor(withZeros, { dtype })],
    run: (x) => [...twice(x.prod(1), x), ...twice(x.prod(0), x), ...twice(x.prod(), x)],
  },
  'products of infinities': {
    of: (dtype) => [tensor(withInfinities, { dtype })],
    run: (x) => [...twice(x.prod(1), x), ...twice(x.prod(0), x), ...twice(x.prod(), x)],
  },
  'products of infinities and no zeros': {
    of: (dtype) => [tensor(withInfinities, { dtype }).add(4).detach()],
    run: (x) => [...twice(x.prod(1), x), ...twice(x.prod(), x)],
  },
  'products of no zeros': {
    of: values(3, 5, 4),
    run: (x) => [...twice(x.prod(1), x), ...twice(x.prod(), x)],
  },
  'products that meet in one place': {
    of: (dtype) => [
      tensor([1.5, 2, -3], { dtype }),
      tensor([0.5, 0, 2, -1, 4, 0], { dtype }),
      tensor([0, 0, 1, 1, 1, 2], { dtype: 'int32' }),
    ],
    run: (x, source, index) =>
      [true, false].flatMap((includeSelf) => {
        const y = x.scatterReduce(0, index, source, 'prod', { includeSelf });
        return [...twice(y, x), ...twice(y, source)];
      }),
  },
};

describe('a program leaves no second derivative to eager kernels', () => {
  for (const [name, one] of Object.entries(cases))
    it.each(['float32', 'float64'] as const)(`${name}, %s`, (dtype) => expectLowered(worldOf(one, dtype)));
});

it('refuses, as eager does, the second derivative of products in which several zeros of a source meet', () => {
  expectLowered(() => {
    const source = tensor([0.5, 0, 2, -1, 4, 3], { dtype: 'float32' }).requiresGrad_();
    const index = tensor([0, 0, 1, 1, 1, 2]);
    return {
      call: (x: Tensor) => twice(x.scatterReduce(0, index, source, 'prod'), source),
      argumentsOf: (i) => {
        if (i === 4) source.data[0] = 0;
        return [tensor([1.5, 2, i], { dtype: 'float32' })];
      },
      state: () => [source],
    };
  }, 6);
});
