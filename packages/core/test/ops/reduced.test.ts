import { describe, expect, test } from 'vitest';
import { autograd, E, ElementwiseReduction, manualSeed, rand, randn, type Tensor } from '../../src/index.ts';

const squares = new ElementwiseReduction({
  name: 'mse_loss',
  arity: 2,
  expression: (x, y) => E.square(E.sub(x, y)),
});
/** With a parameter, and three operands. */
const weighted = new ElementwiseReduction({
  name: 'weighted',
  arity: 3,
  expression: (x, y, w, eps) => E.mul(E.add(E.exp(E.mul(x, y)), eps), w),
});
const dtypes = ['float32', 'float64'] as const;
const bits = (x: Tensor): number[] => x.contiguous().reshape([-1]).toArray() as number[];

describe('a reduced operation adds up its values as sum does', () => {
  test.each(dtypes)('whatever their number, in %s', (dtype) => {
    manualSeed(1);
    for (const n of [0, 1, 24, 25, 31, 32, 33, 511, 512, 4096, 8193, 16384, 50_000]) {
      const [x, y] = [randn([n], { dtype }), randn([n], { dtype })];
      const values = squares.apply([x, y], 'none');
      expect(bits(squares.apply([x, y], 'sum'))).toEqual(bits(values.sum()));
      expect(bits(squares.apply([x, y], 'mean'))).toEqual(bits(values.mean()));
    }
  });

  test.each(dtypes)('however the operands lie, in %s', (dtype) => {
    manualSeed(2);
    for (const [rows, columns] of [
      [5, 3],
      [100, 333],
      [3, 20_000],
      [20_000, 3],
    ] as const) {
      const x = randn([rows, columns], { dtype });
      for (const w of [
        rand([columns], { dtype }),
        rand([rows, 1], { dtype }),
        rand([1], { dtype }),
        rand([columns, rows], { dtype }).t(),
      ]) {
        const values = weighted.apply([x, x, w], 'none', [0.5]);
        expect(bits(weighted.apply([x, x, w], 'sum', [0.5]))).toEqual(bits(values.sum()));
      }
    }
  });
});

describe('gradients come out of the forward pass where there are many', () => {
  /** The gradients as backward leaves them, and as the graph of a recorded backward has them. */
  const both = (loss: () => Tensor, inputs: Tensor[]) => {
    loss().backward();
    const left = inputs.map((x) => bits(x.grad as Tensor));
    for (const x of inputs) x.grad = null;
    const recorded = autograd.grad(loss(), inputs, { createGraph: true });
    return { left, recorded: recorded.map((g) => bits(g as Tensor)) };
  };

  test.each(dtypes)('with the bits of a pass of their own, in %s', (dtype) => {
    manualSeed(3);
    for (const n of [4, 600, 40_000]) {
      for (const reduction of ['mean', 'sum'] as const) {
        const x = randn([n], { dtype, requiresGrad: true });
        const y = randn([n], { dtype, requiresGrad: true });
        const w = rand([1], { dtype, requiresGrad: true });
        const mse = both(() => squares.apply([x, y], reduction), [x, y]);
        expect(mse.left).toEqual(mse.recorded);
        const exponential = both(() => weighted.apply([x, y, w], reduction, [2]), [x, y, w]);
        expect(exponential.left).toEqual(exponential.recorded);
      }
    }
  });

  test('times the gradient that arrives', () => {
    const x = randn([30, 40], { requiresGrad: true });
    const y = randn([40], { requiresGrad: true });
    const { left, recorded } = both(() => squares.apply([x, y], 'sum').mul(-0.3), [x, y]);
    for (const [k, list] of left.entries())
      for (const [i, g] of list.entries()) expect(g).toBeCloseTo(recorded[k]![i]!, 4);
  });

  test('to those operands that want one', () => {
    const x = randn([1000]);
    const y = randn([1000], { requiresGrad: true });
    squares.apply([x, y], 'mean').backward();
    expect(x.grad).toBeNull();
    expect(bits(y.grad as Tensor)).toEqual(
      bits(
        y
          .detach()
          .sub(x)
          .mul(2 / 1000),
      ),
    );
  });

  test('once more in a second backward, and of the same operand twice', () => {
    const x = randn([1000], { requiresGrad: true });
    const loss = weighted.apply([x, x, x], 'mean', [1]);
    loss.backward({ retainGraph: true });
    const first = x.grad as Tensor;
    x.grad = null;
    loss.backward();
    expect(bits(x.grad as unknown as Tensor)).toEqual(bits(first));
  });

  test('and a second derivative is that of few elements', () => {
    const x = rand([1000], { dtype: 'float64', requiresGrad: true });
    const y = rand([1000], { dtype: 'float64' });
    const [g] = autograd.grad(weighted.apply([x, y, y], 'sum', [0]), [x], { createGraph: true });
    const [second] = autograd.grad((g as Tensor).sum(), [x]);
    const wanted = x.detach().mul(y).exp().mul(y).mul(y).mul(y);
    const expected = bits(wanted);
    for (const [i, value] of bits(second as Tensor).entries()) expect(value).toBeCloseTo(expected[i]!, 12);
  });
});
