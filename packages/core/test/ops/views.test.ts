import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contiguous } from '../../src/ops/creation/copy.ts';
import { zeros } from '../../src/ops/creation/fill.ts';
import { tensor } from '../../src/ops/creation/from-data.ts';
import { arange } from '../../src/ops/creation/ranges.ts';
import { sum } from '../../src/ops/reductions/sum.ts';
import * as V from '../../src/ops/views/index.ts';
import { matrixTranspose, reverseDims } from '../../src/ops/views/properties.ts';
import { asStrided } from '../../src/ops/views/windows.ts';
import type { Tensor } from '../../src/tensor.ts';
import { assertClose, views } from '../../src/testing/index.ts';
import { checkLaws } from './laws.ts';

const half = (n: number): number => Math.ceil(n / 2);

const operations: Record<string, (x: Tensor) => Tensor | readonly Tensor[]> = {
  reshape: (x) => V.reshape(x, -1, 1),
  flatten: (x) => V.flatten(x),
  unflatten: (x) => V.unflatten(x, -1, [1, -1]),
  squeeze: (x) => V.squeeze(x),
  unsqueeze: (x) => V.unsqueeze(x, 1),
  transpose: (x) => V.transpose(x, 0, -1),
  permute: (x) => reverseDims(x),
  movedim: (x) => V.movedim(x, 0, -1),
  mT: (x) => matrixTranspose(x),
  expand: (x) => V.expand(x, [2, ...x.shape]),
  narrow: (x) => V.narrow(x, 1, 0, half(x.shape[1]!)),
  slice: (x) => V.sliceAlong(x, 0, { start: -2, step: 2 }),
  select: (x) => V.select(x, 1, -1),
  unbind: (x) => V.unbind(x, 1),
  split: (x) => V.split(x, 2, 1),
  chunk: (x) => V.chunk(x, 2, 0),
  tensorSplit: (x) => V.tensorSplit(x, 2, -1),
  diagonal: (x) => V.diagonal(x, { offset: -1 }),
  diagEmbed: (x) => V.diagEmbed(x, { offset: 1 }),
  unfold: (x) => V.unfold(x, 0, half(x.shape[0]!), 1),
  selectScatter: (x) => V.selectScatter(x, V.select(x, 0, 0), 0, -1),
  sliceScatter: (x) => V.sliceScatter(x, V.sliceAlong(x, 1, { stop: 1 }), 1, { start: -1 }),
  diagonalScatter: (x) => V.diagonalScatter(x, V.diagonal(x)),
  asStrided: (x) => asStrided(contiguous(x), [2, x.shape.at(-1)!], [0, 1]),
};

describe('a view', () => {
  for (const [name, operation] of Object.entries(operations)) {
    it(`${name}: the same on any layout, with right first and second derivatives`, () => {
      checkLaws(operation);
    });
  }

  it('shares memory with its base', () => {
    const x = zeros([2, 3]);
    const shared = [
      V.reshape(x, 3, 2),
      V.transpose(x, 0, 1),
      V.expand(x, 4, 2, 3),
      V.select(x, 0, 1),
      V.narrow(x, 1, 1, 2),
      V.diagonal(x),
      ...V.unbind(x),
      ...V.split(x, 2, 1),
    ];
    for (const view of shared) expect(view.storage).toBe(x.storage);
  });

  it('of a layout that cannot be reshaped without a copy: reshape copies, view refuses', () => {
    const x = V.t(zeros([2, 3]));
    expect(V.reshape(x, 6).storage).not.toBe(x.storage);
    expect(() => V.view(x, 6)).toThrow(/view size \[6\] is not compatible with input tensor's size \[3, 2\]/);
    expect(V.view(x, 3, 1, 2).shape).toEqual([3, 1, 2]);
  });

  it('reshaped and back is the same, whatever its layout', () => {
    fc.assert(
      fc.property(views({ expanded: true }), (x) => {
        assertClose(V.reshape(V.flatten(x), x.shape), x);
        assertClose(V.squeeze(V.unsqueeze(x, 0), 0), x);
        assertClose(reverseDims(reverseDims(x)), x);
      }),
    );
  });
});

describe('the parts of a tensor', () => {
  it('split: the last one may be smaller', () => {
    expect(V.split(arange(5), 2).map((y) => y.toArray())).toEqual([[0, 1], [2, 3], [4]]);
    expect(V.split(arange(5), [1, 4]).map((y) => y.shape)).toEqual([[1], [4]]);
    expect(V.chunk(arange(7), 3).map((y) => y.shape)).toEqual([[3], [3], [1]]);
    expect(V.chunk(arange(4), 3).map((y) => y.shape)).toEqual([[2], [2]]);
    expect(V.tensorSplit(arange(7), 3).map((y) => y.shape)).toEqual([[3], [2], [2]]);
    expect(V.tensorSplit(arange(5), [1, 4, 9]).map((y) => y.shape)).toEqual([[1], [3], [1], [0]]);
  });

  it('unfold: windows overlap, and gradients add up where they do', () => {
    expect(V.unfold(arange(5), 0, 3, 2).toArray()).toEqual([
      [0, 1, 2],
      [2, 3, 4],
    ]);
    const x = zeros(5, { requiresGrad: true });
    sum(V.unfold(x, 0, 3, 1)).backward();
    expect(x.grad!.toArray()).toEqual([1, 2, 3, 2, 1]);
  });

  it('diagonal: above, below, outside', () => {
    const x = V.reshape(arange(6), 2, 3);
    expect(V.diagonal(x).toArray()).toEqual([0, 4]);
    expect(V.diagonal(x, { offset: 1 }).toArray()).toEqual([1, 5]);
    expect(V.diagonal(x, { offset: -1 }).toArray()).toEqual([3]);
    expect(V.diagonal(x, { offset: 5 }).shape).toEqual([0]);
    expect(V.diag(tensor([1, 2]), 1).toArray()).toEqual([
      [0, 1, 0],
      [0, 0, 2],
      [0, 0, 0],
    ]);
  });

  it('of sizes and 0-dimensional tensors as in PyTorch', () => {
    expect(V.unfold(tensor(3), 0, 1, 1).toArray()).toEqual([3]);
    expect(V.narrow(zeros([2, 3]), 0, -1, 1).shape).toEqual([1, 3]);
    expect(V.split(zeros([0]), 0).map((y) => y.shape)).toEqual([[0]]);
    expect(V.squeeze(zeros([1, 2, 1]), [0, 1]).shape).toEqual([2, 1]);
    expect(V.flatten(tensor(1)).shape).toEqual([1]);
    expect(V.movedim(zeros([2, 3, 4]), [0, 1], [-1, 0]).shape).toEqual([3, 4, 2]);
    expect(V.atleast3d(zeros([2, 3])).shape).toEqual([2, 3, 1]);
  });
});

describe('errors of views name the operation and the shapes', () => {
  const x = zeros([2, 3]);
  const cases: [string, () => unknown, RegExp][] = [
    ['reshape', () => V.reshape(x, 4, 4), /shape '\[4, 4\]' is invalid for input of size 6/],
    ['reshape', () => V.reshape(x, -1, -1), /only one dimension can be inferred/],
    ['reshape', () => V.reshape(x, -2), /invalid shape dimension -2 at index 0/],
    ['reshape', () => V.reshape(zeros([0]), -1, 0), /can be any value and is ambiguous/],
    [
      'expand',
      () => V.expand(x, 4, 3),
      /expanded size of the tensor \(4\) must match the existing size \(2\)/,
    ],
    ['expand', () => V.expand(x, 3), /number of sizes provided \(1\)/],
    ['expand', () => V.expand(x, -1, 2, 3), /isn't allowed in a leading, non-existing dimension 0/],
    ['t', () => V.t(zeros([2, 3, 4])), /expects a tensor with <= 2 dimensions, but self is 3D/],
    ['permute', () => V.permute(x, 0, 0), /duplicate dims are not allowed/],
    ['permute', () => V.permute(x, 0), /does not match the length of the desired ordering/],
    ['flatten', () => V.flatten(x, 1, 0), /startDim cannot come after endDim/],
    ['unflatten', () => V.unflatten(x, 1, [2, 2]), /don't multiply up to the size of dim 1 \(3\)/],
    [
      'unflatten',
      () => V.unflatten(tensor(1), 0, [1]),
      /Dimension specified as 0 but tensor has no dimensions/,
    ],
    ['movedim', () => V.movedim(x, [0, 1], [0, 0]), /repeated dim in `destination`/],
    ['narrow', () => V.narrow(x, 0, 1, 2), /start \(1\) \+ length \(2\) exceeds dimension size \(2\)/],
    ['select', () => V.select(x, 1, 3), /index 3 out of range for tensor of size \[2, 3\] at dimension 1/],
    ['select', () => V.select(tensor(1), 0, 0), /cannot be applied to a 0-dim tensor/],
    ['slice', () => V.sliceAlong(x, 0, { step: -1 }), /step must be greater than zero/],
    ['split', () => V.split(x, [1, 2]), /sum exactly to 2/],
    ['split', () => V.split(x, 0), /can only be 0 if dimension size is 0/],
    ['chunk', () => V.chunk(x, 0), /greater than 0, got: 0/],
    ['unfold', () => V.unfold(x, 0, 6, 1), /maximum size for tensor at dimension 0 is 2 but size is 6/],
    ['diagonal', () => V.diagonal(x, { dim1: 1, dim2: -1 }), /cannot be identical 1, -1/],
    [
      'transpose',
      () => V.transpose(x, 0, 2),
      /Dimension out of range \(expected to be in range of \[-2, 1\], but got 2\)/,
    ],
    [
      'size',
      () => x.size(-3),
      /size: Dimension out of range \(expected to be in range of \[-2, 1\], but got -3\)/,
    ],
    ['stride', () => tensor(1).stride(0), /stride: Dimension specified as 0 but tensor has no dimensions/],
  ];
  for (const [name, call, message] of cases) {
    it(`${name}: ${message.source}`, () => {
      expect(call).toThrow(message);
    });
  }
});
