import assert from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ones, type Tensor, tensor, zeros } from '../src/index.ts';
import { tensorEquality } from '../src/testing/index.ts';

/** By the tester that users register; it is not registered here, where other tests share `expect`. */
const same = (a: unknown, b: unknown): boolean | undefined => tensorEquality(a, b);

describe('tensorEquality', () => {
  test.each<[Tensor, Tensor, boolean]>([
    [tensor([1, 2]), tensor([1, 2]), true],
    [tensor([1, 2]), tensor([1, 3]), false],
    [tensor(1), tensor(1), true],
    [tensor(1), tensor(2), false],
    [tensor([[1, 2]]), tensor([1, 2]), false],
    [tensor([1, 2]), tensor([1, 2], { dtype: 'float32' }), false],
    [tensor([Number.NaN, 0.5]), tensor([Number.NaN, 0.5]), true],
    [tensor([0, 0.5]), tensor([-0, 0.5]), false],
    [
      tensor([
        [1, 3],
        [2, 4],
      ]).t(),
      tensor([
        [1, 2],
        [3, 4],
      ]),
      true,
    ],
    [ones([2], { requiresGrad: true }).mul(2), tensor([2, 2], { dtype: 'float32' }), true],
    [zeros([0, 3]), zeros([0, 3]), true],
  ])('compares dtype, shape and elements %#', (a, b, expected) => {
    expect(same(a, b)).toBe(expected);
    expect(same(b, a)).toBe(expected);
  });

  test('leaves all else to others', () => {
    expect(same({ a: 1 }, { a: 1 })).toBeUndefined();
    expect(same(tensor(1), 1)).toBe(false);
    expect(same([1], tensor([1]))).toBe(false);
  });
});

describe('comparing by properties', () => {
  test('takes no tensor for another one', () => {
    expect(isDeepStrictEqual(tensor([1, 2]), tensor([1, 3]))).toBe(false);
    expect(isDeepStrictEqual({ w: zeros([3]) }, { w: ones([3]) })).toBe(false);
    expect(() => assert.deepEqual(tensor(1), tensor(2))).toThrow();
    const x = tensor([1, 2]);
    assert.deepStrictEqual({ x }, { x });
  });
});

describe('what a failing test shows of tensors', () => {
  test('is their values in vitest, which copies plain objects without what is private in them', () => {
    expect(Object.prototype.toString.call(tensor([1, 2]))).toBe('[object Tensor]');
  });

  test('is their values in Jest, which copies what each getter answers unless it is told the names', () => {
    const names: unknown = Reflect.get(tensor([1, 2]), Symbol.for('@jest/serializableProperties'));
    expect(names).toEqual(['dtype', 'shape', 'data']);
  });

  test('is, without an equality tester, how to compare them', () => {
    expect(() => expect(tensor([1, 2])).toEqual(tensor([1, 2]))).toThrow(/0-d tensor.*tensorEquality/);
  });
});
