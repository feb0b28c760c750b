/** Losses and layers of which a compiled function leaves nothing to eager kernels, forward and backward: with the bits of eager. */
import { autograd, type DType, manualSeed, randint, randn, type Tensor, tensor } from '@kindling/core';
import { functional as F } from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { expectSameBits, type World } from '../../core/test/support/compiled.ts';
import { type Case, expectLowered, leftEager, worldOf } from '../../core/test/support/lowered.ts';

const integers = (x: number[] | number[][], dtype: DType = 'int32'): Tensor => tensor(x, { dtype });

/** Labels that repeat, none, and more than fit the steps. */
const padded = [
  [1, 1, 2, 0],
  [3, 0, 0, 0],
  [0, 0, 0, 0],
  [1, 1, 1, 1],
];
const alignment = (
  targets: (dtype: DType) => Tensor,
  inputLengths: number[],
  lengths: number[],
): Case['of'] => {
  return (dtype) => [randn([6, 4, 5], { dtype }), targets(dtype), integers(inputLengths), integers(lengths)];
};

const cases: Readonly<Record<string, Case>> = {
  'ctcLoss of padded targets': {
    of: alignment(() => integers(padded), [6, 5, 4, 0], [3, 1, 0, 4]),
    run: (x, t, i, l) =>
      (['none', 'sum', 'mean'] as const).map((reduction) =>
        F.ctcLoss(x.logSoftmax(2), t, i, l, { reduction, blank: 4 }),
      ),
  },
  'ctcLoss without infinities': {
    of: alignment(() => integers(padded, 'uint8'), [6, 5, 0, 6], [3, 1, 0, 4]),
    run: (x, t, i, l) => F.ctcLoss(x.logSoftmax(2), t, i, l.to('uint8'), { zeroInfinity: true, blank: 4 }),
  },
  'ctcLoss of targets in one row': {
    of: alignment(() => integers([1, 1, 2, 3, 2, 4]), [6, 5, 4, 2], [3, 1, 0, 2]),
    run: (x, t, i, l) => F.ctcLoss(x.logSoftmax(2), t, i, l, { reduction: 'none' }),
  },
  'ctcLoss of impossible classes': {
    of: alignment(() => integers([1, 1, 2, 3, 2, 4]), [6, 5, 4, 2], [3, 1, 0, 2]),
    run: (x, t, i, l) => F.ctcLoss(x.clampMin(0).log().detach(), t, i, l, { reduction: 'none' }),
  },
  'embeddingBag of bags of one length': {
    of: (dtype) => [randn([9, 6], { dtype }), randint(0, 9, [5, 7], { dtype: 'int32' })],
    run: (w, i) =>
      (['sum', 'mean', 'max'] as const).flatMap((mode) => [
        F.embeddingBag(i, w, { mode }),
        F.embeddingBag(i, w, { mode, paddingIdx: 2 }),
      ]),
  },
  'embeddingBag of bags that begin at offsets': {
    of: (dtype) => [
      randn([9, 6], { dtype }),
      randint(0, 9, [11], { dtype: 'int32' }),
      integers([0, 3, 3, 9]),
    ],
    run: (w, i, offsets) =>
      (['sum', 'mean', 'max'] as const).flatMap((mode) =>
        [true, false].map((includeLastOffset) => F.embeddingBag(i, w, { mode, offsets, includeLastOffset })),
      ),
  },
  'embedding whose gradients are divided by how often a row is looked up': {
    of: (dtype) => [randn([7, 3], { dtype }), randint(0, 7, [4, 5], { dtype: 'int32' })],
    run: (w, i) => [
      F.embedding(i, w, { scaleGradByFreq: true }),
      F.embedding(i, w, { scaleGradByFreq: true, paddingIdx: 2 }),
    ],
  },
  'elements between those of an image, and an image of another size': {
    of: (dtype) => [randn([2, 3, 5, 6], { dtype }), randn([2, 4, 3, 2], { dtype })],
    run: (x, grid) => [
      ...(['bilinear', 'nearest', 'bicubic'] as const).flatMap((mode) =>
        (['zeros', 'border', 'reflection'] as const).map((paddingMode) =>
          F.gridSample(x, grid, { mode, paddingMode }),
        ),
      ),
      F.interpolate(x, { size: [7, 9], mode: 'bilinear' }),
      F.interpolate(x, { size: [3, 4], mode: 'bicubic', antialias: true }),
    ],
  },
  'embedding that shortens rows': {
    of: (dtype) => [randn([7, 3], { dtype }), randint(0, 7, [4, 5], { dtype: 'int32' })],
    run: (w, i) => [
      F.embedding(i, w.detach().clone(), { maxNorm: 1 }),
      F.embedding(i, w.detach().clone(), { maxNorm: 1, normType: 1, paddingIdx: -1 }),
    ],
  },
};

/** The gradients by some tensors, and those of their squares. */
const twice = (y: Tensor, leaves: readonly Tensor[]): Tensor[] => {
  const first = autograd.grad([y.square().sum()], leaves, { createGraph: true });
  const norm = first.map((g) => g.square().sum()).reduce((a, b) => a.add(b));
  return [...first.map((g) => g.detach()), ...autograd.grad([norm], leaves)];
};

const secondDerivatives: Readonly<Record<string, Case>> = {
  'embedding with a row of padding': {
    of: (dtype) => [randn([7, 3], { dtype }), randint(0, 7, [4, 5], { dtype: 'int32' })],
    run: (w, i) => twice(F.embedding(i, w, { paddingIdx: 2 }), [w]),
  },
};

describe('a program leaves no loss or layer to eager kernels', () => {
  for (const [name, one] of Object.entries({ ...cases, ...secondDerivatives }))
    it.each(['float32', 'float64'] as const)(`${name}, %s`, (dtype) => expectLowered(worldOf(one, dtype)));
});

describe('a program that is given alignments that do not fit', () => {
  const good = {
    targets: [
      [1, 2],
      [3, 1],
    ],
    inputs: [6, 5],
    lengths: [2, 1],
  };
  const bad: Readonly<Record<string, typeof good>> = {
    'a label that is no class': {
      ...good,
      targets: [
        [1, 2],
        [5, 1],
      ],
    },
    'an input longer than its steps': { ...good, inputs: [7, 5] },
    'a target longer than its row': { ...good, lengths: [2, 3] },
    'a negative length': { ...good, lengths: [2, -1] },
  };
  it.each(Object.entries(bad))('gives the error of eager, and goes on: %s', (_, unfitting) => {
    const make = (): World => {
      manualSeed(1);
      const x = randn([6, 2, 5]).requiresGrad_();
      return {
        call: (t: Tensor, i: Tensor, l: Tensor) => {
          x.grad = null;
          const loss = F.ctcLoss(x.logSoftmax(2), t, i, l);
          loss.backward();
          return [loss.detach(), x.grad];
        },
        argumentsOf: (n) => {
          const { targets, inputs, lengths } = n === 3 ? unfitting : good;
          return [integers(targets), integers(inputs), integers(lengths)];
        },
        // Of a refused call nothing stays: there eager has taken the gradient away by then.
        state: () => [x],
      };
    };
    const compiled = expectSameBits(make, 6);
    expect(leftEager(compiled)).toEqual([]);
  });
});
