/** Convolutions: kernels against sums element by element, in programs and on threads, and what is refused. */

import {
  autograd,
  compile,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type DType,
  im2col,
  matmul,
  ones,
  randint,
  randn,
  setNumThreads,
  type Tensor,
  tensor,
  zeros,
} from '@kindling/core';
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { stridedOver } from '../../src/kernels/strided/index.ts';
import { worth } from '../../src/kernels/threads/index.ts';
import { convolve } from '../../src/kernels/windows/convolution.ts';
import type { Geometry, Triple } from '../../src/kernels/windows/geometry.ts';
import { convolvePlain } from '../../src/kernels/windows/plain.ts';
import { type Case, expectLowered, worldOf } from '../support/lowered.ts';
import { bits, putThreadsBack, untilShared } from '../support/threads.ts';

const volume = ([a, b, c]: Triple): number => a * b * c;
const int = (min: number, max: number) => fc.integer({ min, max });
const threeOf = (...ranges: [[number, number], [number, number], [number, number]]) =>
  fc.tuple(int(...ranges[0]), int(...ranges[1]), int(...ranges[2]));

/** Of any form: strides and dilations, rows that are no multiple of a vector, one channel, more channels than a block holds. */
const geometries: fc.Arbitrary<Geometry> = fc
  .record({
    batch: int(1, 3),
    groups: int(1, 2),
    channels: fc.oneof(fc.constant(1), int(1, 4), int(20, 40)),
    filters: fc.oneof(int(1, 9), int(1, 9), int(100, 140)),
    size: threeOf([1, 5], [1, 9], [1, 40]),
    kernel: threeOf([1, 3], [1, 3], [1, 4]),
    stride: threeOf([1, 2], [1, 3], [1, 3]),
    dilation: threeOf([1, 2], [1, 2], [1, 2]),
    padding: fc.oneof(fc.constant<[number, number, number]>([0, 0, 0]), threeOf([0, 1], [0, 2], [0, 2])),
  })
  .map((g) => {
    const along = (d: 0 | 1 | 2): number =>
      Math.floor((g.size[d] + 2 * g.padding[d] - g.dilation[d] * (g.kernel[d] - 1) - 1) / g.stride[d]) + 1;
    const out: Triple = [along(0), along(1), along(2)];
    return { ...g, out };
  })
  .filter(({ out }) => Math.min(...out) > 0);

const wantedOnes = ['x', 'weight', 'y'] as const;

describe('the kernels give what is summed element by element', () => {
  const dtypes = { float32: [Float32Array, 1e-3], float64: [Float64Array, 1e-10] } as const;
  it.each(Object.keys(dtypes) as (keyof typeof dtypes)[])('%s', { timeout: 180_000 }, (dtype) => {
    const [Numbers, most] = dtypes[dtype];
    const numRuns = Number(process.env.KINDLING_RUNS ?? 3);
    fc.assert(
      fc.property(geometries, fc.boolean(), (g, withBias) => {
        let seed = 1;
        const numbers = (n: number): Float32Array | Float64Array => {
          const made = new Numbers(n);
          for (let i = 0; i < n; i++) made[i] = Math.sin(seed++ * 12.9898);
          return made;
        };
        const given = {
          x: numbers(g.batch * g.groups * g.channels * volume(g.size)),
          weight: numbers(g.groups * g.filters * g.channels * volume(g.kernel)),
          y: numbers(g.batch * g.groups * g.filters * volume(g.out)),
        };
        const over = (array: Float32Array | Float64Array) => stridedOver(array, dtype, [array.length]);
        for (const wanted of wantedOnes) {
          const channels = g.groups * (wanted === 'x' ? g.channels : g.filters);
          const bias = withBias && wanted !== 'weight' ? numbers(channels) : null;
          const expected = { ...given, [wanted]: new Numbers(given[wanted].length) };
          const actual = { ...given, [wanted]: new Numbers(given[wanted].length).fill(7) };
          convolvePlain(g, wanted, expected, bias);
          const operands = { x: over(actual.x), weight: over(actual.weight), y: over(actual.y) };
          convolve(g, wanted, operands, bias && over(bias));
          let off = 0;
          for (let i = 0; i < actual[wanted].length; i++)
            off = Math.max(off, Math.abs((actual[wanted][i] ?? Number.NaN) - (expected[wanted][i] ?? 0)));
          expect(off, wanted).toBeLessThan(most);
        }
      }),
      { numRuns, seed: 1 },
    );
  });
});

const values =
  (...shape: number[]) =>
  (dtype: DType): Tensor =>
    randn(shape, { dtype });
const given =
  (...make: ((dtype: DType) => Tensor)[]) =>
  (dtype: DType) =>
    make.map((one) => one(dtype));

const cases: Readonly<Record<string, Case>> = {
  'rows of 17': {
    of: given(values(2, 3, 17), values(4, 3, 3), values(4)),
    run: (x, w, b) => conv1d(x, w, b),
  },
  'images with padding': {
    of: given(values(2, 3, 8, 9), values(5, 3, 3, 3), values(5)),
    run: (x, w, b) => conv2d(x, w, b, { padding: 1 }),
  },
  'images of many channels': {
    of: given(values(1, 16, 15, 15), values(20, 16, 3, 3)),
    run: (x, w) => conv2d(x, w, null, { padding: 'same' }),
  },
  'strides, dilations and groups': {
    of: given(values(2, 4, 11, 10), values(6, 2, 3, 2)),
    run: (x, w) => conv2d(x, w, null, { stride: [2, 3], dilation: [1, 2], groups: 2 }),
  },
  'a channel a group': {
    of: given(values(2, 3, 10, 11), values(3, 1, 3, 3), values(3)),
    run: (x, w, b) => conv2d(x, w, b, { groups: 3, padding: 1 }),
  },
  'a transposed image': {
    of: given(values(2, 3, 9, 7), values(4, 3, 2, 2)),
    run: (x, w) => conv2d(x.transpose(2, 3), w),
  },
  volumes: {
    of: given(values(1, 2, 4, 5, 6), values(3, 2, 2, 3, 3)),
    run: (x, w) => conv3d(x, w, null, { padding: 1 }),
  },
  'the opposite way': {
    of: given(values(2, 3, 6, 5), values(3, 4, 3, 3), values(4)),
    run: (x, w, b) => convTranspose2d(x, w, b, { stride: 2, outputPadding: 1 }),
  },
};

describe.each(['float32', 'float64'] as const)(
  'programs of %s have the bits of eager, and leave it nothing',
  (dtype) => {
    it.each(Object.entries(cases))('%s', (_, of) => expectLowered(worldOf(of, dtype)));
  },
);

describe('threads', () => {
  putThreadsBack();

  const step = (x: Tensor, w: Tensor): Tensor[] => {
    const y = conv2d(x, w, null, { padding: 1 });
    return [y, ...autograd.grad([y], [x, w], { gradOutputs: [y.detach()] })];
  };
  const images = (): [Tensor, Tensor] => [
    randn([6, 24, 20, 20]).requiresGrad_(),
    randn([30, 24, 3, 3]).requiresGrad_(),
  ];

  test('change no bit of a program', async () => {
    const given = images();
    setNumThreads(1);
    const expected = step(...given).map(bits);
    setNumThreads(3);
    const compiled = compile(step);
    expect((await untilShared(() => compiled(...given))).map(bits)).toEqual(expected);
  });

  test('change no bit of eager calls', async () => {
    const given = images();
    setNumThreads(1);
    const expected = step(...given).map(bits);
    setNumThreads(3);
    Object.assign(worth, { ofTeam: 0, ofCopying: 0 });
    expect((await untilShared(() => step(...given))).map(bits)).toEqual(expected);
  });
});

describe('what is not finite', () => {
  test('reaches those windows that see it, and no others', () => {
    const x = zeros([1, 1, 6, 9]);
    x.data[3 * 9 + 4] = Number.POSITIVE_INFINITY;
    for (const padding of [0, 1]) {
      const y = conv2d(x, ones([5, 1, 3, 3]), null, { padding });
      const seen = Array.from(y.data, (value) => !Number.isFinite(value));
      expect(seen.filter(Boolean).length).toBe(5 * 9);
    }
  });
});

describe('sizes beyond those of kernels', () => {
  test('a kernel of thousands of places', () => {
    const [x, w] = [randn([1, 1, 4000], { dtype: 'float64' }), randn([1, 1, 3500], { dtype: 'float64' })];
    const windows = x.reshape([4000]).unfold(0, 3500, 1);
    const expected = matmul(windows, w.reshape([3500]));
    expect(conv1d(x, w).reshape([-1]).allclose(expected)).toBe(true);
  });

  test('rows so long that a padded one does not fit into scratch', () => {
    const [x, w] = [randn([1, 1, 200_000], { dtype: 'float64' }), randn([1, 1, 3], { dtype: 'float64' })];
    const inner = conv1d(x, w);
    const padded = conv1d(x, w, null, { padding: 1 });
    expect(padded.narrow(2, 1, 199_998).allclose(inner)).toBe(true);
  });

  test('planes that come in slabs', () => {
    const [x, w] = [randn([1, 2, 600, 200], { dtype: 'float64' }), randn([1, 2, 3, 3], { dtype: 'float64' })];
    const columns = im2col(x, 3, { padding: 1 });
    const expected = matmul(w.reshape([1, 18]), columns.reshape([18, 120_000]));
    expect(conv2d(x, w, null, { padding: 1 }).reshape([1, -1]).allclose(expected)).toBe(true);
  });
});

describe('integers', () => {
  test('are exact, and refused where they do not fit', () => {
    const x = randint(-50, 50, [2, 3, 6, 7], { dtype: 'int32' });
    const w = randint(-50, 50, [4, 3, 2, 3], { dtype: 'int32' });
    const y = conv2d(x, w, null, { padding: 1 });
    expect(y.dtype).toBe('int32');
    expect(y.equal(conv2d(x.double(), w.double(), null, { padding: 1 }).to('int32'))).toBe(true);
    const large = tensor([[[50_000, 50_000]]], { dtype: 'int32' });
    expect(() => conv1d(large, large)).toThrow(/conv1d: .*int32/);
  });

  test('bytes wrap around', () => {
    const x = tensor([[[200, 100]]], { dtype: 'uint8' });
    expect(conv1d(x, ones([1, 1, 2], { dtype: 'uint8' })).tolist()).toEqual([[[44]]]);
  });
});

describe('what is refused', () => {
  const [x, w, wt] = [randn([2, 3, 8, 8]), randn([4, 3, 3, 3]), randn([3, 4, 3, 3])];
  const refused: Readonly<Record<string, readonly [() => Tensor, string]>> = {
    'an image without channels': [
      () => conv2d(randn([8, 8]), w),
      'conv2d: Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: [8, 8]',
    ],
    'a weight of another rank': [
      () => conv2d(x, randn([4, 3, 3])),
      'conv2d: expected a weight of 4 dimensions',
    ],
    'other channels': [
      () => conv2d(x, randn([4, 2, 3, 3])),
      'conv2d: Given groups=1, weight of size [4, 2, 3, 3], expected input[2, 3, 8, 8] to have 2 channels, but got 3 channels instead',
    ],
    'a kernel that is too large': [
      () => conv2d(x, randn([4, 3, 9, 9])),
      "conv2d: Calculated padded input size per channel: (8 x 8). Kernel size: (9 x 9). Kernel size can't be greater than actual input size",
    ],
    'a bias of other channels': [
      () => conv2d(x, w, randn([3])),
      'conv2d: Given groups=1, weight of size [4, 3, 3, 3], expected bias to be 1-dimensional with 4 elements, but got bias of size [3] instead',
    ],
    'a weight of another dtype': [
      () => conv2d(x, w.double()),
      'conv2d: Input type (float32) and weight type (float64) should be the same',
    ],
    bools: [() => conv2d(x.gt(0), w.gt(0)), "conv2d: not implemented for 'Bool'"],
    'a stride of 0': [
      () => conv2d(x, w, null, { stride: 0 }),
      'conv2d: non-positive stride is not supported',
    ],
    'a negative padding': [
      () => conv2d(x, w, null, { padding: -1 }),
      'conv2d: negative padding is not supported',
    ],
    'a dilation of 0': [
      () => conv2d(x, w, null, { dilation: 0 }),
      'conv2d: non-positive dilation is not supported',
    ],
    'no groups': [() => conv2d(x, w, null, { groups: 0 }), 'conv2d: non-positive groups is not supported'],
    'filters that do not divide': [
      () => conv2d(x, randn([4, 1, 3, 3]), null, { groups: 3 }),
      'conv2d: Given groups=3, expected weight to be divisible by 3 at dimension 0',
    ],
    'strides of three dimensions': [
      () => conv2d(x, w, null, { stride: [1, 2, 3] }),
      'conv2d: expected stride to be a single integer value or a list of 2 values to match the convolution dimensions, but got stride=[1, 2, 3]',
    ],
    "'same' with a stride": [
      () => conv2d(x, w, null, { padding: 'same', stride: 2 }),
      "conv2d: padding='same' is not supported for strided convolutions",
    ],
    'an empty image': [
      () => conv2d(randn([2, 3, 0, 8]), w, null, { padding: 3 }),
      'conv2d: Only zero batch or zero channel inputs are supported, but got input shape: [2, 3, 0, 8]',
    ],
    'an output padding that is too large': [
      () => convTranspose2d(x, wt, null, { outputPadding: 1 }),
      'convTranspose2d: output padding must be smaller than either stride or dilation',
    ],
    'channels of the opposite way': [
      () => convTranspose2d(x, w),
      'convTranspose2d: Given transposed=1, weight of size [4, 3, 3, 3], expected input[2, 3, 8, 8] to have 4 channels, but got 3 channels instead',
    ],
    'nothing that is left': [
      () => convTranspose2d(x, wt, null, { padding: 20 }),
      'convTranspose2d: Given input of size',
    ],
    'an option in the place of a bias': [
      () => conv2d(x, w, 2 as never),
      'conv2d: bias: expected a Tensor or null',
    ],
  };
  it.each(Object.entries(refused))('%s', (_, [call, message]) => {
    expect(call).toThrow(message);
  });

  test('nothing where batch or channels are empty', () => {
    expect(conv2d(randn([0, 3, 8, 8]), w).shape).toEqual([0, 4, 6, 6]);
    expect(
      conv2d(randn([2, 0, 8, 8]), randn([4, 0, 3, 3]), ones([4]))
        .sum()
        .item(),
    ).toBe(2 * 4 * 36);
    expect(convTranspose1d(randn([0, 3, 8]), randn([3, 4, 3])).shape).toEqual([0, 4, 10]);
    expect(convTranspose3d(randn([1, 1, 2, 2, 2]), randn([1, 1, 1, 1, 1])).shape).toEqual([1, 1, 2, 2, 2]);
  });
});

describe('a transposed convolution with output padding of a step or more, as a dilation allows', () => {
  it('has the gradients of what it computes, in first and second order', () => {
    const x = randn([2, 4, 5], { dtype: 'float64', requiresGrad: true });
    const w = randn([4, 2, 2], { dtype: 'float64', requiresGrad: true });
    const f = (a: Tensor, b: Tensor): Tensor =>
      convTranspose1d(a, b, null, { padding: 1, outputPadding: 1, dilation: 2 });
    expect(f(x, w).shape).toEqual([2, 2, 6]);
    expect(autograd.gradcheck(f, [x, w])).toBe(true);
    expect(autograd.gradgradcheck(f, [x, w])).toBe(true);
  });

  it('in two dimensions, with groups and a step', () => {
    const x = randn([1, 4, 3, 2], { dtype: 'float64', requiresGrad: true });
    const w = randn([4, 1, 2, 3], { dtype: 'float64', requiresGrad: true });
    const f = (a: Tensor, b: Tensor): Tensor =>
      convTranspose2d(a, b, null, { stride: [2, 1], outputPadding: 2, dilation: 3, groups: 4 });
    expect(autograd.gradcheck(f, [x, w])).toBe(true);
    expect(autograd.gradgradcheck(f, [x, w])).toBe(true);
  });
});

describe('a weight that is not finite', () => {
  const positive = (shape: number[]): Tensor => randn(shape).square().add(0.5);
  const infiniteAt = (at: number, shape: number[]): Tensor => {
    const w = positive(shape);
    w.data[at] = Infinity;
    return w;
  };
  const options = { padding: 1 };
  // Many channels, and groups of one: what is made by weights that are turned round, where all are finite.
  const up = {
    'of many channels': () =>
      [positive([2, 3, 16, 16]), infiniteAt(4 * 9, [3, 12, 3, 3]), options, convTranspose2d] as const,
    'of groups of one channel': () =>
      [
        positive([2, 3, 7, 9]),
        infiniteAt(9, [3, 1, 3, 3]),
        { ...options, groups: 3 },
        convTranspose2d,
      ] as const,
    'of a volume': () =>
      [positive([1, 2, 3, 8, 9]), infiniteAt(27, [2, 13, 3, 3, 3]), options, convTranspose3d] as const,
  };

  it.each(Object.entries(up))('adds nothing beside the edges, transposed, %s', (_, made) => {
    const [x, w, opts, convolution] = made();
    for (const bias of [null, ones([w.size(1) * ('groups' in opts ? opts.groups : 1)])]) {
      const y = convolution(x, w, bias, opts);
      expect(y.isnan().any().item()).toBe(false);
      // A corner of the kernel misses one edge along each dimension.
      const reached = y.shape.slice(2).reduce((n, size) => n * (size - 1), y.size(0));
      expect(y.isinf().sum().item()).toBe(reached);
      expect(bits(compile((a: Tensor) => convolution(a, w, bias, opts))(x))).toEqual(bits(y));
    }
  });

  it('adds nothing beside the edges on the way back, and NaN over zeros around x on the way', () => {
    const w = infiniteAt(4 * 9, [12, 12, 3, 3]);
    const x = positive([1, 12, 16, 16]).requiresGrad_();
    const y = conv2d(x, w, null, options);
    expect(y.isnan().sum().item()).toBe(31);
    const [g] = autograd.grad(y, [x], { gradOutputs: positive([1, 12, 16, 16]) });
    expect(g?.isnan().any().item()).toBe(false);
    expect(g?.isinf().sum().item()).toBe(225);
  });
});
