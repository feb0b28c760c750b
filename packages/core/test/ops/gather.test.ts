import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clone } from '../../src/ops/creation/copy.ts';
import { ones, zeros } from '../../src/ops/creation/fill.ts';
import { tensor } from '../../src/ops/creation/from-data.ts';
import { gather, takeAlongDim } from '../../src/ops/indexing/gather.ts';
import * as A from '../../src/ops/indexing/index-along.ts';
import * as M from '../../src/ops/indexing/masked.ts';
import { scatter, scatter_, scatterAdd, scatterAdd_, scatterReduce } from '../../src/ops/indexing/scatter.ts';
import { put, put_, take } from '../../src/ops/indexing/take.ts';
import { argsort, sort } from '../../src/ops/order/sorting.ts';
import { sum } from '../../src/ops/reductions/sum.ts';
import { type Tensor, wrapArray } from '../../src/tensor.ts';
import { assertClose, tensors, tensorsWith } from '../../src/testing/index.ts';
import { checkLaws } from './laws.ts';

/** Indices into dimension `dim` of x, of x's shape but for a size of `length` there: reproducible, with repetitions. */
function indicesFor(x: Tensor, dim: number, length: number): Tensor {
  const shape = x.shape.map((n, d) => (d === dim ? length : n));
  const count = shape.reduce((a, b) => a * b, 1);
  return wrapArray(
    Int32Array.from({ length: count }, (_, i) => (i * 7 + (i >> 1)) % x.shape[dim]!),
    shape,
    'int32',
  );
}

const rows = (x: Tensor): Tensor => wrapArray(Int32Array.from([0, x.shape[0]! - 1, 0]), [3], 'int32');
const maskOf = (x: Tensor): Tensor =>
  wrapArray(
    Uint8Array.from({ length: x.count }, (_, i) => Number(i % 3 !== 1)),
    x.shape,
    'bool',
  );

const operations: Record<string, (x: Tensor) => Tensor | readonly Tensor[]> = {
  gather: (x) => gather(x, 1, indicesFor(x, 1, 4)),
  takeAlongDim: (x) => takeAlongDim(x, tensor([0, -1]).reshape([...new Array(x.ndim - 1).fill(1), 2]), -1),
  scatter: (x) => scatter(x, 1, indicesFor(x, 1, 1), gather(x, 1, indicesFor(x, 1, 1)).mul(3)),
  'scatter of a number': (x) => scatter(x, 0, indicesFor(x, 0, 2), 1.5),
  scatterAdd: (x) => scatterAdd(x, 1, indicesFor(x, 1, 4), gather(x.mul(x), 1, indicesFor(x, 1, 4))),
  indexSelect: (x) => A.indexSelect(x, 0, rows(x)),
  indexAdd: (x) => A.indexAdd(x, 0, rows(x), A.indexSelect(x.mul(x), 0, rows(x)), { alpha: 2 }),
  indexCopy: (x) => A.indexCopy(x, 1, tensor([0]), x.narrow(1, -1, 1).mul(2)),
  indexFill: (x) => [A.indexFill(x, 0, rows(x), 7), A.indexFill(x, 0, rows(x), sum(x))],
  maskedSelect: (x) => M.maskedSelect(x, maskOf(x)),
  maskedFill: (x) => [M.maskedFill(x, maskOf(x), -1), M.maskedFill(x, maskOf(x), sum(x))],
  maskedScatter: (x) => M.maskedScatter(x, maskOf(x), x.mul(x)),
  take: (x) =>
    take(
      x,
      tensor([
        [0, -1],
        [0, 0],
      ]),
    ),
  put: (x) => [
    put(x, tensor([-1]), take(x, tensor([0])).mul(2)),
    put(x, tensor([0, 0]), take(x, tensor([0, -1])), { accumulate: true }),
  ],
};

describe('gather, scatter and their kin', () => {
  for (const [name, operation] of Object.entries(operations)) {
    it(`${name}: the same on any layout, with right first and second derivatives`, () => {
      checkLaws(operation, { shape: { minRank: 2, maxRank: 3 }, numRuns: 6 });
    });
  }

  for (const reduce of ['sum', 'prod', 'mean', 'amax', 'amin'] as const) {
    for (const includeSelf of [true, false]) {
      it(`scatterReduce ${reduce}, includeSelf ${includeSelf}: right first and second derivatives`, () => {
        const operation = (x: Tensor): Tensor => {
          const index = indicesFor(x, 0, 3);
          return scatterReduce(
            x,
            0,
            index,
            gather(x, 0, indicesFor(x, 0, 3))
              .mul(1.5)
              .add(0.25),
            reduce,
            { includeSelf },
          );
        };
        // Ties have a subgradient only, and the source must not meet x itself.
        checkLaws(operation, {
          distinct: reduce.startsWith('am'),
          numRuns: 4,
          shape: { minRank: 2, maxRank: 2 },
        });
      });
    }
  }
});

describe('gather and scatterAdd', () => {
  it('are each other’s transpose: <gather(x), y> = <x, scatterAdd(0, y)>', () => {
    const drawn = tensors({ shape: { minRank: 1, maxRank: 3, maxSize: 4 }, dtype: 'float64' }).chain((x) =>
      fc
        .record({ x: fc.constant(x), dim: fc.nat(x.ndim - 1), length: fc.integer({ min: 1, max: 5 }) })
        .chain(({ dim, length }) => {
          const index = indicesFor(x, dim, length);
          return tensorsWith(index.shape, { dtype: 'float64' }).map((y) => ({ x, y, dim, index }));
        }),
    );
    fc.assert(
      fc.property(drawn, ({ x, y, dim, index }) => {
        const left = sum(gather(x, dim, index).mul(y));
        const right = sum(x.mul(scatterAdd(zeros(x.shape, { dtype: 'float64' }), dim, index, y)));
        assertClose(left, right, { rtol: 1e-12, atol: 1e-9 });
      }),
    );
  });

  it('gather undoes argsort', () => {
    fc.assert(
      fc.property(tensors({ shape: { minRank: 1 } }), (x) => {
        assertClose(gather(x, -1, argsort(x)), sort(x).values);
      }),
    );
  });

  it('take an index that is smaller than the tensor', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(gather(x, 0, tensor([[1, 0]])).toArray()).toEqual([[4, 2]]);
    expect(scatter(x, 1, tensor([[2]]), tensor([[9, 8]])).toArray()).toEqual([
      [1, 2, 9],
      [4, 5, 6],
    ]);
    expect(
      scatterAdd(
        x,
        1,
        tensor([
          [0, 0],
          [1, 1],
        ]),
        ones([2, 2], { dtype: 'int32' }),
      ).toArray(),
    ).toEqual([
      [3, 2, 3],
      [4, 7, 6],
    ]);
  });

  it('reduce as PyTorch does', () => {
    const index = tensor([0, 0, 1]);
    const of = (values: number[], reduce: Parameters<typeof scatterReduce>[4], includeSelf = true): unknown =>
      scatterReduce(tensor([5, 7, 9]), 0, index, tensor(values), reduce, { includeSelf }).toArray();
    expect(of([1, 2, 4], 'mean')).toEqual([2, 5, 9]);
    expect(of([1, 2, 4], 'mean', false)).toEqual([1, 4, 9]);
    expect(of([1, 2, 4], 'prod')).toEqual([10, 28, 9]);
    expect(of([1, 20, 4], 'amax')).toEqual([20, 7, 9]);
    expect(of([1, 2, 4], 'amin', false)).toEqual([1, 4, 9]);
    expect(scatter(zeros(3), 0, index, 2, { reduce: 'add' }).toArray()).toEqual([4, 2, 0]);
    expect(scatter(ones(3), 0, index, 2, { reduce: 'multiply' }).toArray()).toEqual([4, 2, 1]);
  });

  it('accept 0-dimensional tensors as one element', () => {
    expect(gather(tensor(5), 0, tensor([0, 0])).toArray()).toEqual([5, 5]);
    expect(gather(tensor([5, 6]), 0, tensor(1)).toArray()).toBe(6);
    expect(A.indexSelect(tensor(5), 0, tensor([0])).shape).toEqual([]);
    expect(A.indexAdd(tensor(5), 0, tensor(0), tensor(1)).toArray()).toBe(6);
    expect(A.indexSelect(zeros(3), 0, tensor(1)).shape).toEqual([1]);
  });
});

describe('the in-place forms', () => {
  it('change the tensor as the others change its copy, whatever its layout', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const index = tensor([[0, 1, 0]]);
    const mask = tensor([true, false, true]);
    const pairs: [(y: Tensor) => Tensor, (y: Tensor) => Tensor][] = [
      [(y) => scatter(y, 0, index, 9), (y) => scatter_(y, 0, index, 9)],
      [
        (y) => scatterAdd(y, 0, index, tensor([[1, 1, 1]])),
        (y) => scatterAdd_(y, 0, index, tensor([[1, 1, 1]])),
      ],
      [(y) => A.indexFill(y, 1, tensor([0, -1]), 8), (y) => A.indexFill_(y, 1, tensor([0, -1]), 8)],
      [
        (y) => A.indexAdd(y, 0, tensor([1, 1]), y, { alpha: 2 }),
        (y) => A.indexAdd_(y, 0, tensor([1, 1]), clone(y), { alpha: 2 }),
      ],
      [
        (y) => A.indexCopy(y, 0, tensor([1]), y.narrow(0, 0, 1)),
        (y) => A.indexCopy_(y, 0, tensor([1]), y.narrow(0, 0, 1)),
      ],
      [(y) => M.maskedFill(y, mask, 7), (y) => M.maskedFill_(y, mask, 7)],
      [
        (y) => M.maskedScatter(y, mask, tensor([1, 2, 3, 4])),
        (y) => M.maskedScatter_(y, mask, tensor([1, 2, 3, 4])),
      ],
      [(y) => put(y, tensor([-1, 0]), tensor([8, 9])), (y) => put_(y, tensor([-1, 0]), tensor([8, 9]))],
    ];
    for (const [outOfPlace, inPlace] of pairs) {
      const expected = outOfPlace(x);
      const transposed = clone(x.t()).t();
      for (const target of [clone(x), transposed]) {
        expect(inPlace(target)).toBe(target);
        expect(target.toArray()).toEqual(expected.toArray());
      }
    }
  });

  it('are followed by gradients', () => {
    const w = tensor([1, 2, 3], { dtype: 'float64', requiresGrad: true });
    const source = tensor([5, 6], { dtype: 'float64', requiresGrad: true });
    const y = w.mul(2);
    scatter_(y, 0, tensor([2, 0]), source);
    sum(y.mul(tensor([1, 10, 100], { dtype: 'float64' }))).backward();
    expect([w.grad!.toArray(), source.grad!.toArray()]).toEqual([
      [0, 20, 0],
      [100, 1],
    ]);
  });
});

describe('errors of gather and scatter', () => {
  const x = zeros([3, 2]);
  const cases: [() => unknown, string][] = [
    [
      () => gather(x, 0, tensor([[0, 3]])),
      'gather: index 3 is out of bounds for dimension 0 with size 3: it stands at position [0, 1]',
    ],
    [() => gather(x, 0, tensor([[-1, 0]])), 'index -1 is out of bounds for dimension 0 with size 3'],
    [() => gather(x, 0, tensor([0])), 'same number of dimensions as input tensor: got [1] and [3, 2]'],
    [
      () => gather(x, 0, tensor([[0, 0, 0]])),
      'expected index [1, 3] to be no larger than self [3, 2] apart from dimension 0',
    ],
    [() => gather(x, 0, x), 'expected an int32 tensor for the index, got float32'],
    [() => scatter(x, 0, tensor([[0, 1]]), zeros([1, 1])), 'no larger size than src [1, 1]'],
    [
      () => scatter(x, 0, tensor([[0]]), zeros([1, 1], { dtype: 'float64' })),
      'Expected self.dtype to be equal to src.dtype',
    ],
    [
      () => A.indexSelect(x, 0, tensor([5])),
      'indexSelect: index 5 is out of bounds for dimension 0 with size 3',
    ],
    [() => A.indexSelect(x, 0, tensor([[0]])), 'Index is supposed to be a vector'],
    [
      () => A.indexAdd(x, 0, tensor([0, 1]), ones([3, 2])),
      'Number of indices (2) should be equal to source.size(dim): (3)',
    ],
    [() => A.indexAdd(x, 0, tensor([0]), ones([1, 3])), 'source tensor shape must match self tensor shape'],
    [
      () => take(x, tensor([6])),
      'tried to access index 6, at position [0] of the index, on a tensor of 6 elements',
    ],
    [() => put(x, tensor([0, 1]), ones(3)), 'same number of elements, but got 3 and 2'],
    [() => M.maskedSelect(x, x), 'only supports boolean masks, but got mask with dtype float32'],
    [() => M.maskedFill(x, tensor(true), ones(1)), 'only supports a 0-dimensional value tensor'],
    [
      () => M.maskedScatter(x, tensor(true), ones(5)),
      'Number of elements of source < number of ones in mask: 5 < 6',
    ],
    [
      () => takeAlongDim(x, tensor([0]), 0),
      'same number of dimensions, but got 2 dimensions for input, and 1',
    ],
  ];
  for (const [call, message] of cases) {
    it(message, () => {
      expect(call).toThrow(message);
    });
  }
});

describe('an empty index', () => {
  const [x, none] = [ones([2, 3]), zeros([0])];
  it('of another dtype than int32 is refused where PyTorch refuses it', () => {
    const calls: [string, (index: Tensor) => unknown][] = [
      ['indexSelect', (index) => A.indexSelect(x, 0, index)],
      ['indexAdd', (index) => A.indexAdd(x, 0, index, ones([0, 3]))],
      ['indexCopy', (index) => A.indexCopy(x, 0, index, ones([0, 3]))],
      ['indexFill_', (index) => A.indexFill_(clone(x), 0, index, 1)],
      ['take', (index) => take(x, index)],
      ['put', (index) => put(x, index, none)],
      ['takeAlongDim', (index) => takeAlongDim(x, index.reshape([2, 0]), 1)],
    ];
    for (const [name, call] of calls) {
      for (const dtype of ['float32', 'bool', 'uint8'] as const) {
        expect(() => call(zeros([0], { dtype }))).toThrow(
          `${name}: expected an int32 tensor for the index, got ${dtype}; convert with to('int32')`,
        );
      }
      call(zeros([0], { dtype: 'int32' }));
    }
  });
  it('names nothing whatever its dtype, for gather and scatter', () => {
    const pairs = none.reshape([2, 0]);
    expect(gather(x, 1, pairs).shape).toEqual([2, 0]);
    expect(scatter(x, 1, pairs, x).tolist()).toEqual(x.tolist());
  });
});
