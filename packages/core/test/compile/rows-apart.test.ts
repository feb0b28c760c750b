/** Reductions of rows whose pieces lie apart, as those of channels over batch and places: eager's bits, and no copy of all that is reduced. */
import {
  compile,
  conv2d,
  getNumThreads,
  noGrad,
  randint,
  randn,
  setNumThreads,
  type Tensor,
} from '@kindling/core';
import { afterAll, describe, expect, it, test } from 'vitest';
import { bits, untilShared } from '../support/threads.ts';

const byDefault = getNumThreads();
afterAll(() => setNumThreads(byDefault));

/** Batch, channels and places: pieces shorter and longer than the blocks of 4,096 in which rows are added up, and sizes about these. */
const sizes = [
  [3, 5, 4096],
  [2, 3, 9001],
  [700, 4, 13],
  [512, 2, 8],
  [513, 2, 8],
  [2, 1, 40],
  [5, 3, 4095],
] as const;
const reductions = (x: Tensor, dims: number[]): Tensor[] => [
  ...[x.sum(dims), x.amax(dims), x.amin(dims), x.mean(dims), x.nansum(dims), x.countNonzero(dims)],
  ...[x.var(dims), x.std(dims), x.norm(2, dims), x.norm(1, dims)],
];
const ofIntegers = (x: Tensor, dims: number[]): Tensor[] => [
  ...[x.sum(dims), x.amax(dims), x.amin(dims), x.countNonzero(dims), x.any(dims)],
];

/** The function compiled, called until its program runs. */
function compiledAfterCalls(f: (x: Tensor) => Tensor[], x: Tensor) {
  const compiled = compile((x: Tensor) => noGrad(() => f(x)));
  for (let i = 0; i < 3; i++) compiled(x);
  return compiled;
}

describe('a program has the bits of eager', () => {
  for (const size of sizes)
    for (const dtype of ['float32', 'float64', 'int32', 'uint8'] as const)
      test(`of [${size}], ${dtype}`, () => {
        setNumThreads(1);
        const isFloat = dtype === 'float32' || dtype === 'float64';
        const x = isFloat ? randn([...size], { dtype }) : randint(0, 200, [...size], { dtype });
        const f = (x: Tensor) => [
          ...(isFloat ? reductions : ofIntegers)(x, [0, 2]),
          // From the middle of memory, and with a step back over all channels.
          ...(isFloat ? reductions : ofIntegers)(x.narrow(0, 1, size[0] - 1), [0, 2]),
        ];
        expect(compiledAfterCalls(f, x)(x).map(bits)).toEqual(noGrad(() => f(x)).map(bits));
      });

  test('where float32 overflows in a block, and where squares underflow', () => {
    setNumThreads(1);
    const x = randn([3, 4, 3000]);
    for (const scale of [1e38, 1e-30]) {
      const scaled = x.mul(scale);
      const f = (x: Tensor) => [x.sum([0, 2]), x.norm(2, [0, 2])];
      expect(compiledAfterCalls(f, scaled)(scaled).map(bits)).toEqual(noGrad(() => f(scaled)).map(bits));
    }
  });

  test('on several threads', async () => {
    setNumThreads(3);
    const x = randn([16, 37, 700]);
    const f = (x: Tensor): Tensor[] => [x.sum([0, 2]), x.var([0, 2])];
    const compiled = compiledAfterCalls(f, x);
    const results = await untilShared(() => compiled(x));
    expect(results.map(bits)).toEqual(noGrad(() => f(x)).map(bits));
  });
});

it('copies nothing but blocks: the memory of a step of a convolution is that of its inputs, outputs and weights', () => {
  setNumThreads(1);
  for (const [shape, kernel, padding] of [
    [[4, 64, 32, 32], [64, 64, 3, 3], 1],
    [[64, 1, 28, 28], [6, 1, 5, 5], 2],
    [[64, 6, 14, 14], [16, 6, 5, 5], 0],
  ] as const) {
    const [x, weight, bias] = [randn([...shape]), randn([...kernel]), randn([kernel[0]])];
    for (const leaf of [x, weight, bias]) leaf.requiresGrad_();
    const forward = () => conv2d(x, weight, bias, { padding });
    const g = randn(noGrad(forward).shape);
    const step = compile(() => {
      for (const leaf of [x, weight, bias]) leaf.grad = null;
      const y = forward();
      y.backward({ gradient: g });
      return y;
    });
    for (let i = 0; i < 3; i++) step();
    const [program] = step.report();
    // Each of these and its gradient, in float32.
    const least = 2 * 4 * [x, weight, bias, g].reduce((sum, { count }) => sum + count, 0);
    const { bytes = Infinity, state = Infinity } = program?.memory ?? {};
    expect((bytes + state) / least, `[${shape}]`).toBeLessThan(1.03);
  }
});
