/** Pooling beyond the fixtures: against a plain definition, in both directions, second gradients, under compile, and what is refused. */

import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  arange,
  autograd,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  compile,
  type DType,
  fractionalMaxPool2d,
  fractionalMaxPool3d,
  full,
  Generator,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
  ones,
  rand,
  randn,
  type Shape,
  type Tensor,
  tensor,
  zeros,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';

const generator = new Generator().manualSeed(17);
const normal = (shape: Shape, dtype: DType = 'float64'): Tensor => randn(shape, { generator, dtype });

/** Numbers no two of which are near each other, in some order. */
const apart = (shape: Shape): Tensor => {
  const x = normal(shape);
  const order = x.flatten().argsort().argsort();
  return order.to('float64').mul(0.1).reshape(shape).requiresGrad_();
};

interface Windows {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

/** The greatest entry of each window and its place, by the definition. */
function plainMax(
  x: Tensor,
  { kernel, stride, padding, dilation }: Windows,
  out: Shape,
): [number[], number[]] {
  const [planes = 0, height = 0, width = 0] = x.shape;
  const [rows = 0, columns = 0] = out;
  const data = x.flatten().tolist() as number[];
  const values: number[] = [];
  const places: number[] = [];
  for (let n = 0; n < planes; n++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let best = Number.NEGATIVE_INFINITY;
        let place = -1;
        for (let a = 0; a < kernel; a++)
          for (let b = 0; b < kernel; b++) {
            const [r, c] = [i * stride - padding + a * dilation, j * stride - padding + b * dilation];
            if (r < 0 || c < 0 || r >= height || c >= width) continue;
            const value = data[(n * height + r) * width + c] ?? 0;
            if (place < 0 || value > best || Number.isNaN(value)) {
              best = value;
              place = r * width + c;
            }
          }
        values.push(best);
        places.push(place);
      }
  return [values, places];
}

const sweep: readonly Windows[] = [1, 2, 3, 4].flatMap((kernel) =>
  [1, 2, 3].flatMap((stride) =>
    [1, 2].flatMap((dilation) =>
      [0, 1].filter((p) => p <= kernel / 2).map((padding) => ({ kernel, stride, padding, dilation })),
    ),
  ),
);

describe('max pooling', () => {
  it.each(['float32', 'float64'] as const)('finds the greatest entries of %s and their places', (dtype) => {
    for (const windows of sweep)
      for (const size of [
        [2, 9, 19],
        [3, 8, 7],
      ]) {
        const x = normal(size, dtype);
        const { kernel, ...steps } = windows;
        const [values, places] = maxPool2d(x, kernel, { ...steps, returnIndices: true });
        const [expected, at] = plainMax(x, windows, values.shape.slice(1));
        expect(values.flatten().tolist(), JSON.stringify(windows)).toEqual(expected);
        expect(places.flatten().tolist()).toEqual(at);
      }
  });

  it('takes the first of equal entries, and the last NaN', () => {
    const [values, places] = maxPool1d(tensor([[1, 3, 3, 2, Number.NaN, 7, Number.NaN, 1]]), 4, {
      returnIndices: true,
    });
    expect(values.tolist()).toEqual([[3, Number.NaN]]);
    expect(places.tolist()).toEqual([[1, 6]]);
    const infinite = full([1, 16], Number.NEGATIVE_INFINITY);
    expect(maxPool1d(infinite, 2, { returnIndices: true })[1].tolist()).toEqual([
      [0, 2, 4, 6, 8, 10, 12, 14],
    ]);
  });

  it('of integers is exact', () => {
    const x = tensor([[2147483647, 2147483646, -2147483648, -2147483647]]);
    expect(maxPool1d(x, 2).tolist()).toEqual([[2147483647, -2147483647]]);
    expect(maxPool1d(x, 2).dtype).toBe('int32');
    expect(maxPool1d(x.to('uint8'), 2).dtype).toBe('uint8');
  });

  it('of many planes and of few large ones is one thing', () => {
    const x = normal([300, 40, 40], 'float32');
    const y = maxPool2d(x, 3, { stride: 2, padding: 1 });
    const some = maxPool2d(x.narrow(0, 290, 10), 3, { stride: 2, padding: 1 });
    expect(y.narrow(0, 290, 10).equal(some)).toBe(true);
  });

  it('with stride 1 gives each entry a gradient for each window that it wins', () => {
    const x = tensor([[1, 5, 2, 4]], { dtype: 'float32', requiresGrad: true });
    maxPool1d(x, 2, { stride: 1 }).sum().backward();
    expect(x.grad?.tolist()).toEqual([[0, 2, 0, 1]]);
  });
});

describe('average pooling', () => {
  it('divides by what countIncludePad, ceilMode and divisorOverride say', () => {
    const x = ones([1, 5]);
    const how = { stride: 2, padding: 1, ceilMode: true };
    expect(avgPool1d(x, 3, { ...how, countIncludePad: false }).tolist()).toEqual([[1, 1, 1]]);
    expect(avgPool1d(x, 2, { ...how, padding: 0 }).tolist()).toEqual([[1, 1, 1]]);
    expect(avgPool2d(ones([1, 4, 4]), 2, { divisorOverride: -2 }).tolist()).toEqual([
      [
        [-2, -2],
        [-2, -2],
      ],
    ]);
  });

  it('of integers is rounded towards 0', () => {
    expect(avgPool1d(tensor([[1, 2, -1, -2]]), 2).tolist()).toEqual([[1, -1]]);
  });

  it('is the sum of shifted entries', () => {
    for (const stride of [1, 2, 3]) {
      const x = normal([2, 11, 23]);
      const y = avgPool2d(x, 3, { stride });
      const [, rows = 0, columns = 0] = y.shape;
      let expected: Tensor = zeros([2, rows, columns], { dtype: 'float64' });
      for (let a = 0; a < 3; a++)
        for (let b = 0; b < 3; b++)
          expected = expected.add(
            x
              .narrow(1, a, 11 - 2)
              .narrow(2, b, 23 - 2)
              .unfold(1, 1, stride)
              .unfold(2, 1, stride)
              .reshape([2, rows, columns]),
          );
      expect(y.sub(expected.div(9)).abs().max().item()).toBeLessThan(1e-15);
    }
  });
});

const x1 = () => apart([2, 2, 9]);
const x2 = () => apart([2, 7, 6]);
const x3 = () => apart([1, 4, 5, 4]);
const places2 = maxPool2d(normal([2, 6, 6]), 2, { returnIndices: true })[1];
const samples = rand([2, 2, 3], { generator, dtype: 'float64' });

const functions: readonly [name: string, f: (x: Tensor) => Tensor, x: () => Tensor][] = [
  ['maxPool1d', (x) => maxPool1d(x, 3, { stride: 2, padding: 1 }), x1],
  ['maxPool2d, dilated, ceil', (x) => maxPool2d(x, 2, { stride: 1, dilation: [2, 1], ceilMode: true }), x2],
  ['maxPool3d', (x) => maxPool3d(x, 2), x3],
  ['avgPool1d', (x) => avgPool1d(x, 3, { stride: 1, padding: 1 }), x1],
  ['avgPool2d', (x) => avgPool2d(x, [3, 2], { padding: 1, countIncludePad: false, ceilMode: true }), x2],
  ['avgPool3d', (x) => avgPool3d(x, 2, { stride: 1, divisorOverride: 3 }), x3],
  ['adaptiveMaxPool2d', (x) => adaptiveMaxPool2d(x, [3, 4]), x2],
  ['adaptiveAvgPool1d', (x) => adaptiveAvgPool1d(x, 4), x1],
  ['adaptiveAvgPool2d', (x) => adaptiveAvgPool2d(x, [3, null]), x2],
  [
    'fractionalMaxPool2d',
    (x) =>
      fractionalMaxPool2d(x, 2, {
        outputSize: [4, 3],
        _randomSamples: samples.narrow(2, 0, 2).narrow(0, 0, 1),
      }),
    x2,
  ],
  [
    'fractionalMaxPool3d',
    (x) =>
      fractionalMaxPool3d(x, 2, { outputSize: 2, _randomSamples: samples.narrow(0, 0, 1).narrow(1, 0, 1) }),
    x3,
  ],
  ['maxUnpool2d', (x) => maxUnpool2d(x, places2, 2), () => normal([2, 3, 3]).requiresGrad_()],
];

describe('gradients', () => {
  it.each(functions)('of %s, and their gradients', (_, f, x) => {
    expect(autograd.gradcheck(f, [x()])).toBe(true);
    expect(autograd.gradgradcheck(f, [x()])).toBe(true);
  });
});

describe('under compile', () => {
  it.each(functions)(
    '%s, its gradient and the gradient of that have the same bits, and no eager kernels',
    (_, f, x) => {
      const step = (x: Tensor): Tensor[] => {
        const y = f(x);
        const [g] = autograd.grad(y.square().sum(), [x], { createGraph: true });
        const [gg] = autograd.grad(g?.pow(3).sum() ?? y.sum(), [x]);
        return [y, g ?? y, gg ?? y].map((t) => t.detach());
      };
      for (const dtype of ['float64', 'float32'] as const) {
        if (dtype === 'float32' && f.toString().includes('_randomSamples')) continue;
        const compiled = compile(step);
        for (let i = 0; i < 4; i++) {
          const given = x().detach().to(dtype).requiresGrad_();
          const [expected, found] = [step(given), compiled(given)];
          for (const [k, t] of expected.entries()) expect(found[k]?.equal(t)).toBe(true);
        }
        expect(compiled.explain()).toMatch(/ 0 by eager kernels, 0 in JavaScript/);
      }
    },
  );
});

describe('refused', () => {
  const x = ones([1, 2, 6, 6]);
  const refusals: readonly [string, () => unknown, RegExp][] = [
    [
      'windows of no entries',
      () => maxPool2d(x, 0),
      /maxPool2d: kernel_size must be greater than zero, but got 0/,
    ],
    [
      'no step',
      () => avgPool2d(x, 2, { stride: 0 }),
      /avgPool2d: stride must be greater than zero, but got 0/,
    ],
    ['no dilation', () => maxPool2d(x, 2, { dilation: 0 }), /dilation must be greater than zero/],
    ['negative padding', () => maxPool2d(x, 2, { padding: -1 }), /pad must be non-negative, but got pad: -1/],
    [
      'much padding',
      () => maxPool2d(x, 2, { padding: 2 }),
      /at most half of kernel size, but got pad=2 and kernel_size=2/,
    ],
    [
      'windows that do not fit',
      () => maxPool2d(x, 9),
      /Calculated output size: \(0x0\). Output size is too small/,
    ],
    [
      'other numbers of sizes',
      () => maxPool2d(x, [2, 2, 2]),
      /kernel_size must either be a single int, or a tuple of two ints/,
    ],
    ['other dimensions', () => maxPool2d(ones([6, 6]), 2), /Expected 3D or 4D \(batch mode\) tensor/],
    ['no channels', () => maxPool2d(ones([1, 0, 6, 6]), 2), /non-zero size for non-batch dimensions/],
    ['bools', () => avgPool2d(x.gt(0), 2), /not implemented for 'Bool'/],
    ['a divisor of 0', () => avgPool2d(x, 2, { divisorOverride: 0 }), /divisor must be not zero/],
    ['integers', () => adaptiveMaxPool2d(x.to('int32'), 2), /not implemented for/],
    [
      'negative sizes',
      () => adaptiveAvgPool2d(x, -1),
      /elements of output_size must be greater than or equal to 0/,
    ],
    ['too few sizes', () => adaptiveAvgPool2d(x, [1]), /output_size must be 2 numbers/],
    [
      'no size',
      () => fractionalMaxPool2d(x, 2),
      /requires specifying either an output_size or an output_ratio/,
    ],
    [
      'a size that is too large',
      () => fractionalMaxPool2d(x, 2, { outputSize: 6 }),
      /pool height 2 too large relative to input height 6/,
    ],
    [
      'random numbers of another dtype',
      () => fractionalMaxPool2d(x, 2, { outputSize: 3, _randomSamples: samples.narrow(2, 0, 2) }),
      /same dtype as input/,
    ],
    [
      'indices beyond a plane',
      () => maxUnpool2d(x, full([1, 2, 6, 6], 400, { dtype: 'int32' }), 2),
      /invalid max index: 400 \(output volumes are of size 12x12\)/,
    ],
    [
      'negative indices',
      () => maxUnpool2d(x, full([1, 2, 6, 6], -1, { dtype: 'int32' }), 2),
      /invalid max index: -1/,
    ],
    [
      'indices of another shape',
      () => maxUnpool2d(x, zeros([1, 2, 6, 5], { dtype: 'int32' }), 2),
      /Expected shape of indices to be same as/,
    ],
    ['indices that are none', () => maxUnpool2d(x, x, 2), /elements in indices should be type int32/],
    [
      'an output size that is far off',
      () => maxUnpool1d(x.squeeze(0), zeros([2, 6, 6], { dtype: 'int32' }), 2, { outputSize: 14 }),
      /dim 0 must be between 10 and 14/,
    ],
    [
      'other output sizes',
      () => maxUnpool3d(x, zeros([1, 2, 6, 6], { dtype: 'int32' }), 2, { outputSize: [1, 2] }),
      /containing 3 or 5 elements/,
    ],
  ];
  it.each(refusals)('are %s', (_, call, message) => {
    expect(call).toThrow(message);
  });

  it('are, in a program, indices beyond a plane', () => {
    const unpool = compile((values: Tensor, indices: Tensor) => maxUnpool1d(values, indices, 2));
    const good = arange(4).reshape([1, 4]).mul(2);
    for (let i = 0; i < 3; i++) expect(unpool(ones([1, 4]), good).shape).toEqual([1, 8]);
    expect(() => unpool(ones([1, 4]), good.add(2))).toThrow(/invalid max index: 8/);
  });
});

describe('no entries', () => {
  it('give none, and gradients of zeros', () => {
    expect(maxPool2d(zeros([0, 2, 6, 6]), 2).shape).toEqual([0, 2, 3, 3]);
    const x = ones([1, 4, 4], { requiresGrad: true });
    adaptiveAvgPool2d(x, 0).sum().backward();
    expect(x.grad?.tolist()).toEqual(zeros([1, 4, 4]).tolist());
  });
});
