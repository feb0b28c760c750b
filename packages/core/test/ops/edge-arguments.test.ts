import { describe, expect, test } from 'vitest';
import * as K from '../../src/index.ts';
import { DTypeError, IndexError, ones, ShapeError, tensor, ValueError, zeros } from '../../src/index.ts';

const bools = tensor([true, false, true]);
const leaf = () => tensor([1, 2, 3], { dtype: 'float64', requiresGrad: true });

describe('diff', () => {
  test('subtracts bools once numbers stand beside them', () => {
    const found = K.diff(bools, { prepend: tensor([1.5]) });
    expect([found.dtype, found.tolist()]).toEqual(['float32', [-0.5, -1, 1]]);
    expect(K.diff(tensor([1, 2.5]), { prepend: tensor([true]) }).tolist()).toEqual([0, 1.5]);
    expect(K.diff(bools).dtype).toBe('bool');
  });
});

describe('gradient', () => {
  test('gives no tensors for no dimensions', () => {
    const x = tensor([1, 2, 4], { dtype: 'float32' });
    expect(K.gradient(x, { dim: [] })).toEqual([]);
    expect(K.gradient(x, { dim: [], spacing: 2 })).toEqual([]);
    expect(() => K.gradient(x, { dim: [], spacing: [2] })).toThrow(ShapeError);
  });
});

describe('logspace of integers', () => {
  test('takes the bound of a single step with its fraction, those of more without', () => {
    expect(K.logspace(0.5, 3, 1, { dtype: 'int32' }).tolist()).toEqual([3]);
    expect(K.logspace(2.7, 3, 1, { dtype: 'int32' }).tolist()).toEqual([501]);
    expect(K.logspace(2.7, 4, 2, { dtype: 'int32' }).tolist()).toEqual([100, 10000]);
  });

  test.each<[number, number, number, number, 'int32' | 'uint8']>([
    [0.5, 3, 1, -2, 'int32'],
    [0, 3, 3, -2, 'int32'],
    [9, 10, 2, 10, 'int32'],
    [1, 3, 3, 10, 'uint8'],
    [1, 3, 3, -2, 'uint8'],
  ])('refuses powers that do not fit: %s, %s, %s by %s as %s', (start, end, steps, base, dtype) => {
    expect(() => K.logspace(start, end, steps, { base, dtype })).toThrow(ValueError);
    expect(() => K.logspace(start, end, steps, { base, dtype })).toThrow(
      `which does not fit ${dtype}; ask for { dtype: 'float64' }, and convert what fits with to('${dtype}')`,
    );
  });

  test('keeps what floats make of a fractional power of a negative base', () => {
    expect(K.logspace(0.5, 1, 3, { base: -2 }).tolist()).toEqual([Number.NaN, Number.NaN, -2]);
  });
});

describe("the norm 'fro'", () => {
  test('is of two dimensions at most, where they are named', () => {
    const x = ones([2, 3, 4]);
    for (const call of [() => K.norm(x, 'fro', [0, 2, 1]), () => x.norm({ dim: [0, 2, 1] })])
      expect(call).toThrow("norm: 'fro' is the norm of a matrix, over one dimension or two, got [0, 2, 1]");
    expect(K.norm(x, 2, [0, 2, 1]).item()).toBeCloseTo(24 ** 0.5, 5);
    expect(K.norm(x, 'fro').item()).toBeCloseTo(24 ** 0.5, 5);
    expect(K.norm(x, 'fro', [0, 1]).shape).toEqual([4]);
  });
});

describe('indexReduce', () => {
  test.each(['indexReduce', 'indexReduce_'] as const)('%s refuses bools', (name) => {
    const index = tensor([0]);
    expect(() => K[name](bools.clone(), 0, index, tensor([true]), 'amax')).toThrow(DTypeError);
    expect(() => K[name](bools.clone(), 0, index, tensor([true]), 'amax')).toThrow(
      `${name}: not implemented`,
    );
  });

  test('asks for int32 indices also where there is nothing to reduce', () => {
    for (const dtype of ['uint8', 'float32', 'bool'] as const) {
      expect(() => K.indexReduce(zeros(0), 0, zeros([0], { dtype }), zeros(0), 'prod')).toThrow(DTypeError);
      const one = zeros([1], { dtype });
      expect(() => K.indexReduce(zeros([0, 3]), 1, one, zeros([0, 1]), 'prod')).toThrow(DTypeError);
    }
  });
});

describe('takeAlongDim', () => {
  const x = tensor([1, 2, 3]);

  test('counts negative indices from the end along a dim alone', () => {
    expect(K.takeAlongDim(x, tensor([-1, -3]), 0).tolist()).toEqual([3, 1]);
    expect(() => K.takeAlongDim(x, tensor([-1]))).toThrow(IndexError);
    expect(
      K.takeAlongDim(
        tensor([
          [1, 2],
          [3, 4],
        ]),
        tensor([3, 0]),
      ).tolist(),
    ).toEqual([4, 1]);
    expect(() => K.takeAlongDim(x, zeros(0))).toThrow(DTypeError);
  });

  test('names an index that is out of range as it was given', () => {
    expect(() => K.takeAlongDim(tensor([7]), tensor([-2]), 0)).toThrow(/index -2 /);
    expect(() => K.takeAlongDim(x, tensor([-5]), 0)).toThrow(/index -5 /);
  });
});

describe('powers of vectors', () => {
  test('linalg.vander refuses bools before all else, vander counts with them', () => {
    for (const x of [bools, tensor([true]), tensor(true)])
      expect(() => K.linalg.vander(x)).toThrow(DTypeError);
    const found = K.vander(bools, { N: 2 });
    expect([found.dtype, found.tolist()]).toEqual([
      'int32',
      [
        [1, 1],
        [0, 1],
        [1, 1],
      ],
    ]);
    expect(K.vander(bools, { N: 0 }).dtype).toBe('int32');
  });
});

describe('what depends on nothing requires no gradient', () => {
  test.each<[string, () => K.Tensor, boolean]>([
    ['choices of no element', () => K.combinations(leaf(), { r: 0 }), false],
    ['choices of too many', () => K.combinations(leaf(), { r: 5 }), true],
    ['no powers', () => K.vander(leaf(), { N: 0 }), false],
    ['one power', () => K.vander(leaf(), { N: 1 }), false],
    ['two powers', () => K.vander(leaf(), { N: 2 }), true],
  ])('%s', (_, make, requires) => {
    expect(make().requiresGrad).toBe(requires);
  });

  test.each<[number[], (number | 'fro' | 'nuc')[], (number | 'fro' | 'nuc')[]]>([
    [
      [0, 3],
      [2, Number.POSITIVE_INFINITY],
      [1, -1, 'fro', 'nuc'],
    ],
    [
      [3, 0],
      [1, 2],
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 'fro', 'nuc'],
    ],
    [
      [0, 0],
      [1, 2, Number.POSITIVE_INFINITY],
      ['fro', 'nuc'],
    ],
    [[0, 3, 3], [], [1, -1, 2, -2, 'fro', 'nuc']],
  ])('norms of empty matrices of shape %s', (shape, without, having) => {
    const norm = (order: number | 'fro' | 'nuc') =>
      K.linalg.matrixNorm(zeros(shape, { requiresGrad: true }), order).requiresGrad;
    expect(without.map(norm)).toEqual(without.map(() => false));
    expect(having.map(norm)).toEqual(having.map(() => true));
  });
});
