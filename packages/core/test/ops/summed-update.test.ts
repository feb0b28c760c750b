/** A pass over memory that changes tensors and gives a sum. */
import { describe, expect, it } from 'vitest';
import {
  AutogradError,
  DTypeError,
  E,
  manualSeed,
  noGrad,
  ones,
  randn,
  ShapeError,
  SummedUpdate,
  type Tensor,
  ValueError,
} from '../../src/index.ts';
import { bitsOf, expectSameBits } from '../support/compiled.ts';

const step = new SummedUpdate('step', 1, 2, (x, d, y, t) => {
  const next = E.add(x, E.mul(d, t));
  return [E.mul(next, y), next];
});

describe('SummedUpdate', () => {
  it.each([0, 1, 5, 24, 25, 300, 2000, 70_000])('has the bits of operations, of %i elements', (n) => {
    manualSeed(n);
    for (const dtype of ['float32', 'float64'] as const) {
      const [x, d, y] = [0, 1, 2].map(() => randn([n], { dtype })) as [Tensor, Tensor, Tensor];
      const next = x.add(d.mul(0.3));
      const total = step.run([x, d, y], [0.3]);
      expect(bitsOf(x)).toEqual(bitsOf(next));
      expect(bitsOf(total)).toEqual(bitsOf(next.mul(y).sum()));
      expect(x.storage.version).toBe(1);
    }
  });

  it('takes views and columns, and changes none where there is no target', () => {
    manualSeed(1);
    const [a, b] = [randn([6, 4]).t().narrow(0, 1, 2), randn([2, 6])];
    const before = bitsOf(a);
    const dot = new SummedUpdate('dot', 0, 2, (x, y) => [E.mul(x, y)]);
    expect(bitsOf(dot.run([a, b]))).toEqual(bitsOf(a.mul(b).sum()));
    expect(bitsOf(a)).toEqual(before);
    const next = a.add(b.mul(2));
    step.run([a, b, b], [2]);
    expect(bitsOf(a)).toEqual(bitsOf(next));
  });

  it('compiles', () => {
    expectSameBits(() => {
      manualSeed(2);
      const [x, y] = [randn([700]), randn([700])];
      return {
        call: (d: Tensor) => noGrad(() => step.run([x, d, y], [0.3])),
        argumentsOf: () => [randn([700])],
        state: () => [x],
      };
    }, 6);
  });

  it('refuses what does not fit, and changes nothing', () => {
    const x = ones([3]);
    const leaf = ones([3], { requiresGrad: true });
    const refused: [call: () => unknown, error: new (...x: never[]) => Error, message: RegExp][] = [
      [() => step.run([x, x], [1]), ValueError, /^step: expected 3 tensors and 1 numbers, got 2 and 1/],
      [() => step.run([x, x, x]), ValueError, /^step: expected 3 tensors and 1 numbers, got 3 and 0/],
      [() => step.run([x, ones([1]), x], [1]), ShapeError, /^step: .* shape \[3\], got \[1\]/],
      [
        () => step.run([x, x, x.to('float64')], [1]),
        DTypeError,
        /^step: expected all tensors to be float32, got float64 for number 2/,
      ],
      [
        () =>
          step.run(
            [x, x, x].map((y) => y.to('int32')),
            [1],
          ),
        DTypeError,
        /^step: expected a float dtype, got int32/,
      ],
      [() => step.run([x, leaf, x], [1]), AutogradError, /^step/],
      [() => step.run([x, 3 as never, x], [1]), DTypeError, /^step: tensors: expected/],
      [
        () => new SummedUpdate('none', 1, 0, (w) => [w]).run([x]),
        ValueError,
        /^none: its update must return/,
      ],
    ];
    for (const [call, error, message] of refused) {
      expect(call).toThrow(error);
      expect(call).toThrow(message);
    }
    expect(x.tolist()).toEqual([1, 1, 1]);
  });
});
