import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clone } from '../../src/ops/creation/copy.ts';
import { ones, zeros } from '../../src/ops/creation/fill.ts';
import { tensor } from '../../src/ops/creation/from-data.ts';
import { arange } from '../../src/ops/creation/ranges.ts';
import {
  assign,
  type IndexItem,
  index,
  indexPut,
  indexPut_,
  slice,
} from '../../src/ops/indexing/subscript.ts';
import { sum } from '../../src/ops/reductions/sum.ts';
import { reshape } from '../../src/ops/views/shape.ts';
import { noGrad } from '../../src/record/grad-mode.ts';
import { assertClose, tensors } from '../../src/testing/index.ts';
import { checkLaws } from './laws.ts';

const x = reshape(arange(24), 2, 3, 4);
const mask = tensor([
  [true, false, true],
  [false, true, false],
]);

/** `[i, j, k]` of x as a number. */
const at = (i: number, j: number, k: number): number => 12 * i + 4 * j + k;

describe('index with numbers, slices, null and ellipsis', () => {
  it('gives views', () => {
    const items: IndexItem[][] = [
      [0],
      [':', 1],
      [slice(1, 2)],
      ['...', 0],
      [null, 0],
      [slice(null, null, 2), '...', -1],
    ];
    for (const list of items) expect(index(x, ...list).storage).toBe(x.storage);
    expect(index(x).storage).toBe(x.storage);
  });

  it("follows Python's slices", () => {
    const row = arange(5);
    expect(index(row, slice(3)).toArray()).toEqual([0, 1, 2]);
    expect(index(row, slice(-2, null)).toArray()).toEqual([3, 4]);
    expect(index(row, slice(1, -1, 2)).toArray()).toEqual([1, 3]);
    expect(index(row, { start: 4, stop: 2 }).shape).toEqual([0]);
    expect(index(row, slice(10)).shape).toEqual([5]);
  });

  it('places new dimensions where null stands', () => {
    expect(index(x, '...', null).shape).toEqual([2, 3, 4, 1]);
    expect(index(x, 0, null, ':', null).shape).toEqual([1, 3, 1, 4]);
  });
});

describe('index with tensors and masks', () => {
  const shapes: [string, IndexItem[], number[]][] = [
    ['one tensor', [[1, 0, 1]], [3, 3, 4]],
    ['neighbours keep their place', [':', [0, 1], [2, 3]], [2, 2]],
    ['separated by a slice they come first', [[0], ':', [1, 2]], [2, 3]],
    ['a number is applied before', [0, ':', [1, 2]], [3, 2]],
    [
      'they broadcast',
      [
        [[0], [1]],
        [0, 1, 2],
      ],
      [2, 3, 4],
    ],
    ['a mask over two dimensions', [mask], [3, 4]],
    ['a mask with a slice after it', [mask, slice(1, 3)], [3, 2]],
    ['a mask with a number after it', [mask, 0], [3]],
    ['true and false', ['...', true, false], [2, 3, 4, 0]],
    ['a 0-dimensional tensor is a number', [':', tensor(1)], [2, 4]],
    ['an empty list', [[]], [0, 3, 4]],
  ];
  for (const [name, items, shape] of shapes) {
    it(`${name}: shape ${JSON.stringify(shape)}`, () => {
      expect(index(x, ...items).shape).toEqual(shape);
    });
  }

  it('picks the elements that NumPy picks', () => {
    expect(index(x, [0, 1], [2, 0], [3, 1]).toArray()).toEqual([at(0, 2, 3), at(1, 0, 1)]);
    expect(index(x, [-1], ':', [0, -1]).toArray()).toEqual([
      [at(1, 0, 0), at(1, 1, 0), at(1, 2, 0)],
      [at(1, 0, 3), at(1, 1, 3), at(1, 2, 3)],
    ]);
    expect(index(x, mask, slice(1, 3)).toArray()).toEqual([
      [1, 2],
      [9, 10],
      [17, 18],
    ]);
    expect(index(x, index(x, '...').gt(21)).toArray()).toEqual([22, 23]);
    expect(index(x, ':', [false, true, false], -1).toArray()).toEqual([[7], [19]]);
  });

  it('names the index that is out of range, where it stands, the dimension and its size', () => {
    expect(() => index(x, ':', tensor([[0], [7]]))).toThrow(
      'index 7 is out of bounds for dimension 1 with size 3: it stands at position [1, 0]',
    );
    expect(() => index(x, 0, 0, 0, 0)).toThrow('too many indices for tensor of dimension 3');
    expect(() => index(x, [0, 1], [0, 1, 2])).toThrow('could not be broadcast together with shapes [2], [3]');
    expect(() => index(x, ':', mask)).toThrow('The shape of the mask [2, 3] at index 0 does not match');
    expect(() => index(x, 1.5)).toThrow(/only integers, slices.*got 1.5/);
    expect(() => index(x, tensor([0.5]))).toThrow('got a tensor of float32');
    expect(() => index(x, [tensor([0])] as never)).toThrow(
      'a list that is one index holds integers or booleans (got a tensor of int32); tensors, slices and nulls are indices of their own',
    );
    expect(() => index(x, ':', 7)).toThrow('index 7 is out of bounds for dimension 1 with size 3');
  });
});

const items: Record<string, IndexItem[]> = {
  'a number': [-1],
  'a slice': [':', slice(null, null, 2)],
  'a tensor': [[0, 0, -1]],
  'two tensors': [
    [0, -1],
    [0, 0],
  ],
  'a tensor after a slice': [slice(0, 1), [0, -1, 0]],
  'a tensor after a new dimension': [null, [0], [-1]],
  'the last dimension': ['...', [0, 0]],
};

describe('derivatives of indexing', () => {
  for (const [name, list] of Object.entries(items)) {
    it(`index with ${name}`, () => {
      checkLaws((y) => index(y, ...list));
    });
    it(`indexPut with ${name}, overwriting and adding`, () => {
      checkLaws((y) => {
        const values = index(y, ...list).mul(2);
        return [indexPut(y, list, 3), indexPut(y, list, values, { accumulate: true })];
      });
    });
  }
});

describe('indexPut', () => {
  it('adds where an index occurs several times', () => {
    expect(indexPut(zeros(4), [[1, 1, 2]], ones(3), { accumulate: true }).toArray()).toEqual([0, 2, 1, 0]);
  });

  it('stores what index reads', () => {
    fc.assert(
      fc.property(tensors({ shape: [3, 2, 4] }), fc.constantFrom(...Object.values(items)), (base, list) => {
        const wide = index(base, ...list);
        const values = noGrad(() => ones(wide.shape));
        assertClose(index(indexPut(base, list, values), ...list), values);
        assertClose(indexPut(base, list, wide), base);
        const target = clone(base);
        expect(indexPut_(target, list, values)).toBe(target);
        assertClose(target, indexPut(base, list, values));
      }),
    );
  });

  it('asks for one dtype and a shape that broadcasts', () => {
    expect(() => indexPut(zeros(3), [[0]], ones(1, { dtype: 'int32' }))).toThrow(
      'source and destination dtypes match',
    );
    expect(() => indexPut(zeros(3), [[0, 1]], ones(3))).toThrow(
      'value tensor of shape [3] cannot be broadcast to indexing result of shape [2]',
    );
    expect(() => indexPut(zeros(3), [slice(2)], ones(3))).toThrow(
      'value tensor of shape [3] cannot be broadcast to indexing result of shape [2]',
    );
  });
});

describe('assign', () => {
  it('overwrites part of a tensor, converting the value', () => {
    const y = zeros([2, 3], { dtype: 'int32' });
    assign(y, [0], tensor([[1.7, 2.2, 3]]));
    assign(y, [':', -1], 9);
    assign(
      y,
      [
        tensor([
          [false, false, false],
          [true, true, false],
        ]),
      ],
      5,
    );
    expect(y.toArray()).toEqual([
      [1, 2, 9],
      [5, 5, 9],
    ]);
  });

  it('writes through to the base of a view', () => {
    const base = zeros([2, 3]);
    assign(base.t(), [1, [0, 1]], tensor([1, 2]));
    expect(base.toArray()).toEqual([
      [0, 1, 0],
      [0, 2, 0],
    ]);
  });

  it('may read the memory that it writes', () => {
    const y = arange(4);
    assign(y, [slice(1, null)], index(y, slice(0, 3)));
    expect(y.toArray()).toEqual([0, 0, 1, 2]);
  });

  it('is followed by gradients', () => {
    for (const list of [[slice(0, 2)], [slice(1, 3), [0, 1]], [[2, 0]]] as IndexItem[][]) {
      const w = tensor(2, { dtype: 'float64', requiresGrad: true });
      const y = w.mul(ones([3, 2], { dtype: 'float64' }));
      const value = tensor(3, { dtype: 'float64', requiresGrad: true });
      assign(y, list, value);
      sum(y).backward();
      const written = index(zeros([3, 2]), ...list).count;
      expect([w.grad!.item(), value.grad!.item()]).toEqual([6 - written, written]);
    }
  });

  it.each([
    ['1:3', 'slice(1, 3)'],
    ['::2', 'slice(null, null, 2)'],
    [':-1', 'slice(null, -1)'],
  ])("says how Python's %s is written", (item, call) => {
    expect(() => index(x, item as ':')).toThrow(`(got string); write ${call} for '${item}'`);
  });

  it('leaves the tensor alone where an index is out of range', () => {
    const y = zeros(3);
    expect(() => assign(y, [[0, 5]], 1)).toThrow('index 5 is out of bounds');
    expect(y.toArray()).toEqual([0, 0, 0]);
  });
});
