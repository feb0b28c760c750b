/** Losses, searches and products of which a compiled function leaves nothing to eager kernels, forward and backward. */
import * as kindling from '@kindling/core';
import { manualSeed, randn, type Tensor, tensor } from '@kindling/core';
import { describe, it } from 'vitest';
import type { World } from '../support/compiled.ts';
import { type Case, expectLowered, given, indices, values, worldOf } from '../support/lowered.ts';

/** Rows with no zero, with one, with some, and with negative ones. */
const withZeros = [
  [1.5, 2, -3, 0.5],
  [1.5, 0, -3, 0.5],
  [0, 2, -3, 0],
  [0.5, -0, 2, 3],
  [0, 0, 0, 0],
  [2, 3, 4, -0],
];

const families: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  'classes beyond the usual': Object.fromEntries(
    (['none', 'sum', 'mean'] as const).flatMap((reduction): [string, Case][] => {
      const attributes = { dim: 1, labelSmoothing: 0, reduction, caller: 'crossEntropy' };
      return [
        [
          `${reduction}, an ignoreIndex that is no int32`,
          {
            of: given(values(6, 5), indices(5, 6)),
            run: (x, t) =>
              [2 ** 40, 2 ** 32, -5e9].flatMap((ignoreIndex) => [
                kindling.fusedCrossEntropy(x, t, null, { ...attributes, ignoreIndex }),
                kindling.fusedNll(x, t, null, { ...attributes, ignoreIndex }),
              ]),
          },
        ],
        [
          `${reduction}, no rows`,
          {
            of: given(values(0, 5), indices(5, 0)),
            run: (x, t) => kindling.fusedCrossEntropy(x, t, null, { ...attributes, ignoreIndex: -100 }),
          },
        ],
      ];
    }),
  ),
  'weights of classes': {
    classShares: {
      of: given(indices(5, 6, 4), () => kindling.arange(5).add(0.25)),
      run: (t, w) => [
        kindling.classShares(t, null, 3, 'float32'),
        kindling.classShares(t, w.detach(), 3, 'float64'),
        kindling.classShares(t.to('uint8'), w.detach().double(), -100, 'float32'),
      ],
    },
  },
  'cross-entropy of classes that lie apart': Object.fromEntries(
    (['none', 'sum', 'mean'] as const).flatMap((reduction): [string, Case][] => {
      const attributes = { dim: 1, ignoreIndex: -100, labelSmoothing: 0, reduction, caller: 'crossEntropy' };
      const smooth = { ...attributes, ignoreIndex: 2, labelSmoothing: 0.1 };
      return [
        [
          `${reduction}, classes`,
          {
            of: given(values(3, 5, 4, 7), indices(5, 3, 4, 7), () => kindling.arange(5).add(0.25)),
            run: (x, t, w) => [
              kindling.fusedCrossEntropy(x, t, null, attributes),
              kindling.fusedCrossEntropy(x, t, w.to(x.dtype), { ...attributes, ignoreIndex: 2 }),
              kindling.fusedCrossEntropy(x, t.to('uint8'), w.to(x.dtype), smooth),
              kindling.fusedCrossEntropy(x.detach(), t, null, smooth),
            ],
          },
        ],
        [
          `${reduction}, probabilities`,
          {
            of: given(values(3, 5, 6), (dtype) => randn([3, 5, 6], { dtype }).softmax(1).detach()),
            run: (x, q) => [
              kindling.fusedCrossEntropy(x, q.detach(), null, attributes),
              kindling.fusedCrossEntropy(x.detach(), q.detach(), null, attributes),
            ],
          },
        ],
        [
          `${reduction}, in several blocks`,
          {
            of: given(values(2, 300, 59), indices(300, 2, 59)),
            run: (x, t) => kindling.fusedCrossEntropy(x, t, null, smooth),
          },
        ],
        [
          `${reduction}, of a view`,
          {
            of: given(values(9, 5, 3), indices(5, 3, 9)),
            run: (x, t) => kindling.fusedCrossEntropy(x.transpose(0, 2), t, null, attributes),
          },
        ],
        [
          `${reduction}, of infinite logits`,
          {
            of: (dtype) => [
              tensor([[[Infinity, 1, 2, NaN, -Infinity]], [[1, 1, 3, 1, -Infinity]]], { dtype })
                .transpose(0, 1)
                .contiguous(),
              indices(2, 1, 5)(),
            ],
            run: (x, t) => kindling.fusedCrossEntropy(x, t, null, { ...attributes, ignoreIndex: 0 }),
          },
        ],
      ];
    }),
  ),
  products: {
    cumprod: {
      of: given(values(4, 30, 3)),
      run: (x) => [x.cumprod(0), x.cumprod(1), x.transpose(0, 1).cumprod(-1)],
    },
    'cumprod of zeros': {
      of: (dtype) => [tensor(withZeros, { dtype })],
      run: (x) => [x.cumprod(0), x.cumprod(1)],
    },
    'cumprod of a single dimension': { of: given(values(7)), run: (x) => x.cumprod(0) },
    prod: {
      of: given(values(4, 30, 3)),
      run: (x) => [x.prod(), x.prod(0), x.prod(1), x.prod([0, 2])],
    },
    'prod of zeros': {
      of: (dtype) => [
        tensor(withZeros, { dtype }),
        tensor([2, 0, -3, 0], { dtype }),
        tensor([2, 0, -3], { dtype }),
      ],
      run: (x, y, z) => [x.prod(1), x.prod(0), x.prod(), y.prod(), z.prod()],
    },
    'prod of infinities': {
      of: (dtype) => [tensor([1, Infinity, 2, NaN], { dtype }), tensor([-Infinity, 0, 3], { dtype })],
      run: (x, y) => [x.prod(), y.prod(), x.cumprod(0), y.cumprod(0)],
    },
  },
  searches: {
    searchsorted: {
      of: given(values(6, 50), values(6, 9), () => tensor([3, 1, NaN, -1])),
      run: (x, y, v) => {
        const sorted = x.detach().square().cumsum(1);
        const edges = tensor([-1, 0, 1, 1, 3], { dtype: 'int32' });
        return [
          kindling.searchsorted(sorted, y.detach()),
          kindling.searchsorted(sorted, y.detach(), { right: true }),
          kindling.bucketize(v, edges),
          kindling.bucketize(v, edges, { right: true }),
          kindling.bucketize(edges.view([5, 1]), edges),
        ];
      },
    },
  },
};

for (const [family, cases] of Object.entries(families)) {
  describe(`${family}: no equation of a program is left to eager kernels`, () => {
    for (const [name, one] of Object.entries(cases)) {
      it.each(['float32', 'float64'] as const)(`${name}, %s`, (dtype) => expectLowered(worldOf(one, dtype)));
    }
  });
}

it('a program that finds a class out of range, of classes that lie apart, gives the error of eager, and goes on', () => {
  const attributes = {
    dim: 1,
    ignoreIndex: -100,
    labelSmoothing: 0,
    reduction: 'mean',
    caller: 'F',
  } as const;
  const [good, bad] = [
    [0, 1, 2, 0],
    [0, 1, 9, 0],
  ].map((t) => tensor([t], { dtype: 'int32' }));
  expectLowered((): World => {
    manualSeed(1);
    const x = randn([1, 3, 4]);
    return {
      call: (t: Tensor) => kindling.fusedCrossEntropy(x, t, null, attributes),
      argumentsOf: (n) => [n === 3 ? bad : good],
      state: () => [x],
    };
  }, 6);
});
