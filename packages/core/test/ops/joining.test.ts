import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as R from '../../src/ops/arranging/index.ts';
import { pad } from '../../src/ops/arranging/pad.ts';
import { ones, zeros } from '../../src/ops/creation/fill.ts';
import { tensor } from '../../src/ops/creation/from-data.ts';
import { arange } from '../../src/ops/creation/ranges.ts';
import { unbind } from '../../src/ops/views/slices.ts';
import { chunk, hsplit, split } from '../../src/ops/views/split.ts';
import type { Tensor } from '../../src/tensor.ts';
import { assertClose, tensors } from '../../src/testing/index.ts';
import { checkLaws } from './laws.ts';

const last = (x: Tensor): number[] => new Array<number>(x.ndim).fill(1);

const operations: Record<string, (x: Tensor) => Tensor | readonly Tensor[]> = {
  cat: (x) => R.cat([x, x.mul(2), x.narrow(1, 0, 1)], 1),
  'cat by rows': (x) => R.cat([x, zeros([0], { dtype: 'float64' }), x]),
  stack: (x) => [R.stack([x, x.mul(x)], 0), R.stack([x, x.mul(x)], -1), R.stack([x, x.mul(x)], 1)],
  hstack: (x) => R.hstack([x, x]),
  vstack: (x) => R.vstack([x, x]),
  dstack: (x) => R.dstack([x, x]),
  columnStack: (x) => R.columnStack([x, x]),
  blockDiag: (x) => R.blockDiag(x.reshape(1, -1), x.reshape(-1, 1)),
  flip: (x) => R.flip(x, 0, -1),
  roll: (x) => [R.roll(x, [1, -2], [0, 1]), R.roll(x, 2)],
  rot90: (x) => [R.rot90(x), R.rot90(x, 2), R.rot90(x, -1, [1, 0])],
  repeat: (x) => R.repeat(x, 2, ...last(x), 2),
  tile: (x) => R.tile(x, 3),
  repeatInterleave: (x) => [R.repeatInterleave(x, 2), R.repeatInterleave(x, 2, { dim: 1 })],
  'repeatInterleave, one number each': (x) => R.repeatInterleave(x, arange(x.shape[0]!), { dim: 0 }),
  'pad by a constant': (x) => [pad(x, [1, 2], { value: 3 }), pad(x, [-1, 1, 1, 0])],
  'pad by reflection': (x) => pad(x, [x.shape.at(-1)! - 1, 0], { mode: 'reflect' }),
  'pad by repetition': (x) => pad(x, [2, 1], { mode: 'replicate' }),
  'pad around': (x) => pad(x, [1, 1], { mode: 'circular' }),
};

describe('joining and rearranging', () => {
  for (const [name, operation] of Object.entries(operations)) {
    it(`${name}: the same on any layout, with right first and second derivatives`, () => {
      checkLaws(operation, { numRuns: 6 });
    });
  }

  it('cat undoes split and chunk, stack undoes unbind', () => {
    fc.assert(
      fc.property(
        tensors({ shape: { minRank: 1, allowZero: true } }),
        fc.nat(),
        fc.integer({ min: 1, max: 3 }),
        (x, n, parts) => {
          const dim = n % x.ndim;
          assertClose(R.cat(split(x, parts, dim), dim), x);
          assertClose(R.cat(chunk(x, parts, dim), dim), x);
          if (x.shape[dim]! > 0) assertClose(R.stack(unbind(x, dim), dim), x);
        },
      ),
    );
  });

  it('flip and roll are undone by themselves', () => {
    fc.assert(
      fc.property(
        tensors({ shape: { minRank: 1, allowZero: true } }),
        fc.nat(),
        fc.integer({ min: -9, max: 9 }),
        (x, n, by) => {
          const dim = n % x.ndim;
          assertClose(R.flip(R.flip(x, dim), dim), x);
          assertClose(R.roll(R.roll(x, by, dim), -by, dim), x);
          assertClose(R.roll(R.roll(x, by), -by), x);
        },
      ),
    );
  });

  it('a quarter turn four times is none', () => {
    fc.assert(
      fc.property(tensors({ shape: { minRank: 2 } }), fc.integer({ min: -5, max: 5 }), (x, k) => {
        let y = x;
        for (let i = 0; i < 4; i++) y = R.rot90(y);
        assertClose(y, x);
        assertClose(R.rot90(R.rot90(x, k), -k), x);
      }),
    );
  });

  it('padding is undone by negative padding', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(tensors({ shape: { minRank: 2, allowZero: true } }), sizes, (x, by) => {
        assertClose(
          pad(
            pad(x, by, { value: 7 }),
            by.map((n) => -n),
          ),
          x,
        );
      }),
    );
  });
});

describe('cat and stack', () => {
  it('promote dtypes, and pass over vectors without elements', () => {
    expect(R.cat([tensor([1, 2]), tensor([0.5])]).toArray()).toEqual([1, 2, 0.5]);
    expect(R.cat([tensor([true]), tensor([2])]).dtype).toBe('int32');
    expect(R.cat([zeros(0), ones([2, 3])], 1).shape).toEqual([2, 3]);
    expect(R.cat([zeros(0, { dtype: 'float64' }), ones([2, 3])]).dtype).toBe('float64');
    expect(R.stack([tensor(1), tensor(2.5)]).toArray()).toEqual([1, 2.5]);
    expect(R.columnStack([zeros(2), zeros([2, 3])]).shape).toEqual([2, 4]);
  });

  it('say which tensor does not fit', () => {
    expect(() => R.cat([zeros([2, 2]), zeros([2, 3])])).toThrow(
      'Sizes of tensors must match except in dimension 0. Expected size 2 but got size 3 for tensor number 1 in the list',
    );
    expect(() => R.cat([zeros([2, 3]), zeros(2)])).toThrow('same number of dimensions: got 2 and 1');
    expect(() => R.cat([tensor(1)])).toThrow(
      'zero-dimensional tensor (at position 0) cannot be concatenated',
    );
    expect(() => R.cat([])).toThrow('expected a non-empty list of Tensors');
    expect(() => R.stack([zeros(2), zeros(3)])).toThrow('got [2] at entry 0 and [3] at entry 1');
    expect(() => R.cat(zeros(2) as never)).toThrow(
      'cat: tensors: expected an array of tensors, as in [a, b]',
    );
  });
});

describe('pad', () => {
  const row = tensor([[1, 2, 3, 4]]);
  it('fills as PyTorch does', () => {
    const padded = (by: number[], mode: 'reflect' | 'replicate' | 'circular'): unknown =>
      pad(row, by, { mode }).toArray();
    expect(padded([2, 1], 'reflect')).toEqual([[3, 2, 1, 2, 3, 4, 3]]);
    expect(padded([2, 1], 'replicate')).toEqual([[1, 1, 1, 2, 3, 4, 4]]);
    expect(padded([2, 1], 'circular')).toEqual([[3, 4, 1, 2, 3, 4, 1]]);
    expect(padded([-1, 2], 'reflect')).toEqual([[2, 3, 4, 3, 2]]);
    expect(padded([-1, 2], 'circular')).toEqual([[2, 3, 4, 2, 3]]);
    expect(pad(row, [1, 0, 0, 1], { value: 9 }).toArray()).toEqual([
      [9, 1, 2, 3, 4],
      [9, 9, 9, 9, 9],
    ]);
  });

  it('refuses what does not fit', () => {
    const cases: [() => unknown, string][] = [
      [() => pad(row, [1]), 'Padding length must be divisible by 2'],
      [() => pad(arange(4), [1, 1, 1, 1]), 'got padding length 4 and input of dimension 1'],
      [() => pad(arange(4), [-3, -3]), 'resulted in a negative output size'],
      [() => pad(arange(4), [1, 1], { mode: 'reflect' }), 'not supported for 1D input tensor'],
      [() => pad(row, [4, 1], { mode: 'reflect' }), 'padding (4, 1) at dimension 1 of input [1, 4]'],
      [() => pad(row, [5, 1], { mode: 'circular' }), 'wrapping around more than once'],
      [() => pad(row, [1, 1], { mode: 'foo' as never }), 'pad: mode: expected one of "constant"'],
      [() => pad(row, [1, 1], { mode: 'reflect', value: 2 }), "doesn't take in value argument"],
      [() => R.meshgrid([]), 'meshgrid: expected at least one tensor'],
      [() => hsplit(arange(6), -1), 'hsplit: number of sections must be larger than 0, got -1'],
      [() => ones([2, 3, 4]).H, 'Got 3-D tensor. For batches of matrices, use tensor.mH'],
    ];
    for (const [call, message] of cases) expect(call).toThrow(message);
  });

  it.each(['hstack', 'vstack', 'dstack', 'columnStack', 'rowStack'] as const)(
    'errors bear the name of what was called: %s',
    (name) => {
      expect(() => R[name]([zeros([2, 3, 4]), zeros([3, 2, 5])])).toThrow(
        `${name}: Sizes of tensors must match`,
      );
    },
  );
});

describe('repeating and grids', () => {
  it('repeat lays out the whole, repeatInterleave each entry', () => {
    expect(R.repeat(tensor([1, 2]), 2, 2).toArray()).toEqual([
      [1, 2, 1, 2],
      [1, 2, 1, 2],
    ]);
    expect(R.repeatInterleave(tensor([1, 2]), 2).toArray()).toEqual([1, 1, 2, 2]);
    expect(
      R.repeatInterleave(
        tensor([
          [1, 2],
          [3, 4],
        ]),
        tensor([1, 2]),
        { dim: 0 },
      ).toArray(),
    ).toEqual([
      [1, 2],
      [3, 4],
      [3, 4],
    ]);
    expect(R.repeatInterleave(tensor([1, 0, 2])).toArray()).toEqual([0, 2, 2]);
    expect(R.repeat(zeros(3), 0).shape).toEqual([0]);
  });

  it('are copies', () => {
    const x = zeros([2, 3]);
    for (const y of [R.repeat(x, 1, 1), R.tile(x, 1), R.repeatInterleave(x, 1, { dim: 0 }), R.rot90(x, 0)]) {
      expect(y.storage).not.toBe(x.storage);
    }
  });

  it('meshgrid and cartesianProd', () => {
    const [a, b] = R.meshgrid([arange(2), arange(3)]) as [Tensor, Tensor];
    expect([a.toArray(), b.toArray()]).toEqual([
      [
        [0, 0, 0],
        [1, 1, 1],
      ],
      [
        [0, 1, 2],
        [0, 1, 2],
      ],
    ]);
    expect(R.meshgrid([arange(2), arange(3)], { indexing: 'xy' })[0]!.toArray()).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    expect(R.cartesianProd(tensor([1, 2]), tensor([3, 4])).toArray()).toEqual([
      [1, 3],
      [1, 4],
      [2, 3],
      [2, 4],
    ]);
  });

  it('errors name what came', () => {
    const cases: [() => unknown, string][] = [
      [() => R.repeat(zeros([2, 3]), 2), 'can not be smaller than number of dimensions of tensor'],
      [() => R.repeat(zeros(3), -1), 'expected non-negative integers, got [-1]'],
      [() => R.flip(zeros([2, 2]), 0, -2), 'appears multiple times'],
      [() => R.roll(zeros([2, 3]), [1, 1]), 'shifts: 2, dims: 0'],
      [() => R.rot90(zeros(3)), 'expected total dims >= 2, but got total dims = 1'],
      [
        () => R.repeatInterleave(tensor([1, 2]), tensor([1, 2, 3])),
        'must have the same size as input along dim',
      ],
      [() => R.repeatInterleave(tensor(1), 2, { dim: 0 }), 'Dimension specified as 0 but tensor has no dim'],
      [() => R.repeatInterleave(tensor(1), tensor([2]), { dim: -1 }), 'Dimension specified as -1'],
      [() => R.repeatInterleave(tensor([1, -2])), 'repeats can not be negative'],
      [() => R.meshgrid([zeros([2, 2])]), 'Expected 0D or 1D tensor'],
    ];
    for (const [call, message] of cases) expect(call).toThrow(message);
  });
});
