import * as K from '@kindling/core';
import {
  AutogradError,
  type DType,
  DTypeError,
  dtypes,
  fromBuffer,
  type NestedArray,
  ShapeError,
  setDefaultDtype,
  Tensor,
  tensor,
  ValueError,
} from '@kindling/core';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { shapes } from '../src/testing/index.ts';

afterEach(() => setDefaultDtype('float32'));

type ErrorType = new (message?: string) => K.KindlingError;

const described = (x: Tensor): [DType, readonly number[], unknown] => [x.dtype, x.shape, x.toArray()];

describe('tensor', () => {
  test.each<[NestedArray, DType, number[]]>([
    [[1, 2, 3], 'int32', [3]],
    [[1, 2.5], 'float32', [2]],
    [[1, Infinity], 'float32', [2]],
    [[Number.NaN], 'float32', [1]],
    [[true, false], 'bool', [2]],
    [[true, 2], 'int32', [2]],
    [[true, 0.5], 'float32', [2]],
    [3, 'int32', []],
    [0.5, 'float32', []],
    [true, 'bool', []],
    [[], 'float32', [0]],
    [[[], []], 'float32', [2, 0]],
    [[[[]], [[]]], 'float32', [2, 1, 0]],
    [[[1, 2, 3]], 'int32', [1, 3]],
    [
      [
        [[1], [2]],
        [[3], [4]],
      ],
      'int32',
      [2, 2, 1],
    ],
    [new Float64Array([1, 2]), 'float64', [2]],
    [new Float32Array(0), 'float32', [0]],
    [new Int32Array([1, 2]), 'int32', [2]],
    [new Uint8Array([1, 255]), 'uint8', [2]],
    [[new Float64Array([1, 2]), new Float64Array([3, 4])], 'float64', [2, 2]],
    [[new Uint8Array([1, 2]), [3, 4]], 'int32', [2, 2]],
  ])('%j is %s of shape %j', (data, dtype, shape) => {
    const x = tensor(data);
    expect([x.dtype, x.shape]).toEqual([dtype, shape]);
    expect(x.isContiguous()).toBe(true);
  });

  test('nested arrays come back as they went in', () => {
    fc.assert(
      fc.property(shapes({ allowZero: true }), fc.constantFrom(...dtypes), (shape, dtype) => {
        let next = 0;
        const value = (): number | boolean => (dtype === 'bool' ? next++ % 3 === 0 : next++ % 100);
        const build = (d: number): NestedArray =>
          d === shape.length ? value() : Array.from({ length: shape[d]! }, () => build(d + 1));
        const data = build(0);
        const x = tensor(data, { dtype });
        // Below a dimension of size 0 no array tells the sizes.
        const known = shape.includes(0) ? shape.slice(0, shape.indexOf(0) + 1) : shape;
        expect(x.shape).toEqual(known);
        expect(x.toArray()).toEqual(data);
      }),
      { seed: 1 },
    );
  });

  test('a dtype converts', () => {
    expect(described(tensor([0, 1.9, -1.9], { dtype: 'int32' }))).toEqual(['int32', [3], [0, 1, -1]]);
    expect(tensor([0, 0.5, Number.NaN, -0], { dtype: 'bool' }).toArray()).toEqual([false, true, true, false]);
    expect(tensor([0.1], { dtype: 'float32' }).item()).toBe(Math.fround(0.1));
    expect(tensor([true, false], { dtype: 'float64' }).toArray()).toEqual([1, 0]);
    expect(tensor(new Float64Array([0.5, 0]), { dtype: 'bool' }).toArray()).toEqual([true, false]);
    expect([...tensor([2, 0], { dtype: 'bool' }).data]).toEqual([1, 0]);
  });

  test('the default dtype is that of floats', () => {
    setDefaultDtype('float64');
    expect(
      [tensor([1.5]), K.zeros(2), K.rand(2), K.linspace(0, 1, 3), K.arange(0.5)].map((x) => x.dtype),
    ).toEqual(new Array(5).fill('float64'));
    expect([tensor([1]), tensor([true]), K.arange(3)].map((x) => x.dtype)).toEqual([
      'int32',
      'bool',
      'int32',
    ]);
    expect(() => setDefaultDtype('int32')).toThrow('only floating-point types are supported, got int32');
    expect(() => setDefaultDtype('half' as DType)).toThrow(DTypeError);
  });

  test('the data is copied', () => {
    const data = new Float32Array([1, 2]);
    const x = tensor(data);
    data[0] = 9;
    expect(x.toArray()).toEqual([1, 2]);
    const y = tensor(x);
    x.fill_(0);
    expect(y.toArray()).toEqual([1, 2]);
  });

  test('a tensor gives a leaf with its values', () => {
    const x = tensor([1.5], { requiresGrad: true }).mul(2);
    const y = tensor(x);
    expect([y.isLeaf, y.requiresGrad, y.item()]).toEqual([true, false, 3]);
    expect(tensor(x, { dtype: 'float64', requiresGrad: true }).requiresGrad).toBe(true);
  });

  test('requiresGrad may be set of a leaf, and is then what it was set to', () => {
    const x = tensor([1.5, 2]);
    x.requiresGrad = true;
    expect([x.requiresGrad, x.mul(2).requiresGrad]).toEqual([true, true]);
    x.requiresGrad = false;
    expect([x.requiresGrad, x.mul(2).requiresGrad]).toEqual([false, false]);
    expect(() => (tensor([1, 2]).requiresGrad = true)).toThrow(AutogradError);
  });

  test('requiresGrad makes floats of integers, and is refused to other dtypes', () => {
    expect(tensor([1, 2], { requiresGrad: true }).dtype).toBe('float32');
    expect(() => tensor([1], { dtype: 'int32', requiresGrad: true })).toThrow(AutogradError);
    expect(() => tensor([true], { requiresGrad: true })).toThrow(
      'Only Tensors of floating point dtype can require gradients, got bool',
    );
  });

  test.each<[unknown, ErrorType, string]>([
    [[[1, 2], [3]], ShapeError, 'ragged input: expected length 2 at [1] (dim 1), got length 1'],
    [
      [
        [[1], [2]],
        [[3], [4, 5]],
      ],
      ShapeError,
      'expected length 1 at [1][1] (dim 2), got length 2',
    ],
    [[1, [2]], ShapeError, 'expected a number at [1] (dim 1), got length 1'],
    [[[1], 2], ShapeError, 'found a number at [1], at depth 1'],
    [[[], [1]], ShapeError, 'expected length 0 at [1] (dim 1), got length 1'],
    [[[[]], []], ShapeError, 'at [1]'],
    [
      [new Float32Array(2), new Float32Array(3)],
      ShapeError,
      'expected length 2 at [1] (dim 1), got length 3',
    ],
    [[[1, 2], new Float32Array(3)], ShapeError, 'at [1]'],
    [['1'], DTypeError, 'got "1" at [0]'],
    [[[1, null]], DTypeError, 'got null at [0][1]'],
    [[1, undefined], DTypeError, 'got undefined at [1]'],
    [[1n], DTypeError, 'got 1n at [0]; write Number(...)'],
    [undefined, DTypeError, 'got undefined at the top level'],
    [{ length: 2 }, DTypeError, 'got an object with length at the top level'],
    [new Set([1]), DTypeError, 'got an instance of Set at the top level; write Array.from(...)'],
    [new DataView(new ArrayBuffer(4)), DTypeError, 'got an instance of DataView at the top level'],
    [[tensor(1)], DTypeError, 'got a Tensor of shape [] at [0]; stack([a, b]) makes one of several'],
  ])('bad input is an error that names the place %#', (data, type, message) => {
    expect(() => tensor(data as NestedArray)).toThrow(type);
    expect(() => tensor(data as NestedArray)).toThrow(message);
  });
});

describe('typed arrays', () => {
  const half = (globalThis as { Float16Array?: new (x: number[]) => NestedArray }).Float16Array;
  test.each<[NestedArray, string, number[]]>([
    [Uint8ClampedArray.of(1, 300), 'uint8', [1, 255]],
    [Int8Array.of(-1, 2), 'int32', [-1, 2]],
    [Int16Array.of(-300, 2), 'int32', [-300, 2]],
    [Uint16Array.of(65535), 'int32', [65535]],
    [Uint32Array.of(2 ** 31 - 1), 'int32', [2 ** 31 - 1]],
    [BigInt64Array.of(-5n, 2n), 'int32', [-5, 2]],
    [BigUint64Array.of(7n), 'int32', [7]],
    ...(half === undefined ? [] : [[new half([0.5, -2]), 'float32', [0.5, -2]] as never]),
  ])('of elements that no dtype has become the nearest that holds them %#', (array, dtype, values) => {
    expect(described(tensor(array))).toEqual([dtype, [values.length], values]);
    expect(described(tensor([array, array]))).toEqual([dtype, [2, values.length], [values, values]]);
    expect(described(tensor(array, { dtype: 'float64' }))).toEqual(['float64', [values.length], values]);
    expect(tensor(array, { dtype: 'bool' }).all().item()).toBe(true);
  });

  test.each<[NestedArray]>([
    [Uint32Array.of(1, 2 ** 31)],
    [BigInt64Array.of(2n ** 40n)],
    [BigUint64Array.of(2n ** 63n)],
  ])('of integers beyond int32 are refused, unless the dtype holds them %#', (array) => {
    expect(() => tensor(array)).toThrow(
      "does not fit int32; for floats pass { dtype: 'float32' } or 'float64'",
    );
    expect(() => tensor([array])).toThrow(
      "does not fit int32; for floats pass { dtype: 'float32' } or 'float64'",
    );
    expect(tensor([array], { dtype: 'float64' }).max().item()).toBeGreaterThanOrEqual(2 ** 31);
  });

  test.each<[NestedArray, string, unknown]>([
    [
      [Int32Array.of(1, 2), Float64Array.of(3.5, 4)],
      'float64',
      [
        [1, 2],
        [3.5, 4],
      ],
    ],
    [
      [Int32Array.of(1, 2), [3.5, 4]],
      'float32',
      [
        [1, 2],
        [3.5, 4],
      ],
    ],
    [[[0.5], Float64Array.of(3.25)], 'float64', [[0.5], [3.25]]],
    [[Uint8Array.of(1), [300]], 'int32', [[1], [300]]],
    [[Uint8Array.of(1), [true]], 'uint8', [[1], [1]]],
    [[[true], Float32Array.of(0.5)], 'float32', [[1], [0.5]]],
  ])('that meet others promote, and lose nothing %#', (data, dtype, values) => {
    const x = tensor(data);
    expect([x.dtype, x.toArray()]).toEqual([dtype, values]);
  });

  test('of pixels share their memory, as bytes', () => {
    const pixels = Uint8ClampedArray.of(1, 2, 3, 4);
    const x = fromBuffer(pixels.subarray(1), { shape: [3, 1] });
    expect(described(x)).toEqual(['uint8', [3, 1], [[2], [3], [4]]]);
    pixels[1] = 9;
    expect(x.toArray()).toEqual([[9], [3], [4]]);
  });
});

describe('fromBuffer', () => {
  test('shares memory both ways, whatever holds it', () => {
    const array = new Float32Array([1, 2, 3, 4]);
    const x = fromBuffer(array, { shape: [2, 2] });
    array[3] = 9;
    x.index(0, 0).fill_(7);
    expect(x.toArray()).toEqual([
      [7, 2],
      [3, 9],
    ]);
    expect(array[0]).toBe(7);
    expect(x.data.buffer).toBe(array.buffer);
  });

  test('a typed array gives its dtype, an ArrayBuffer the default one', () => {
    for (const array of [new Float64Array(2), new Int32Array(2), new Uint8Array(2)])
      expect(fromBuffer(array).data).toBeInstanceOf(array.constructor);
    expect(described(fromBuffer(new Float32Array([1, 2]).buffer))).toEqual(['float32', [2], [1, 2]]);
    expect(described(fromBuffer(new Uint8Array([1, 0, 1]), { dtype: 'bool' }))).toEqual([
      'bool',
      [3],
      [true, false, true],
    ]);
  });

  test('byteOffset counts from the start of the view given', () => {
    const bytes = new ArrayBuffer(32);
    new Float32Array(bytes).set([0, 1, 2, 3, 4, 5, 6, 7]);
    const view = new Uint8Array(bytes, 4);
    expect(fromBuffer(view, { dtype: 'float32', byteOffset: 4, shape: [3] }).toArray()).toEqual([2, 3, 4]);
    expect(fromBuffer(bytes, { byteOffset: 24 }).toArray()).toEqual([6, 7]);
    expect(fromBuffer(bytes, { byteOffset: 32 }).shape).toEqual([0]);
    expect(fromBuffer(bytes, { shape: [0, 3] }).shape).toEqual([0, 3]);
  });

  test.each<[() => unknown, string]>([
    [
      () => fromBuffer(new ArrayBuffer(8), { shape: [3] }),
      'shape [3] needs 3 elements of 4 bytes from byte 0 on, but the buffer has 8 bytes',
    ],
    [
      () => fromBuffer(new ArrayBuffer(8), { byteOffset: 2 }),
      'float32 needs an offset that is a multiple of 4 bytes, got 2',
    ],
    [() => fromBuffer(new ArrayBuffer(8), { byteOffset: -4 }), 'from byte -4'],
    [() => fromBuffer(new ArrayBuffer(8), { byteOffset: 16, shape: [1] }), 'from byte 16'],
    [() => fromBuffer(new ArrayBuffer(8), { shape: [-1] }), 'sizes must be non-negative integers, got [-1]'],
    [
      () => fromBuffer([1, 2] as unknown as ArrayBuffer),
      'expected an ArrayBuffer or a typed array, got [1, 2]',
    ],
    [
      () => fromBuffer(new Int16Array(2) as never),
      'got an instance of Int16Array; no dtype has its elements as they are: tensor(array) copies',
    ],
    [
      () => fromBuffer(undefined as unknown as ArrayBuffer),
      'expected an ArrayBuffer or a typed array, got undefined',
    ],
  ])('bad bounds are an error %#', (f, message) => {
    expect(f).toThrow(K.KindlingError);
    expect(f).toThrow(message);
  });
});

describe('arange', () => {
  test.each<[Tensor, DType, number[]]>([
    [K.arange(4), 'int32', [0, 1, 2, 3]],
    [K.arange(1, 4), 'int32', [1, 2, 3]],
    [K.arange(0, 10, 4), 'int32', [0, 4, 8]],
    [K.arange(5, 0, -2), 'int32', [5, 3, 1]],
    [K.arange(0), 'int32', []],
    [K.arange(2, 2), 'int32', []],
    [K.arange(0, 1, 0.25), 'float32', [0, 0.25, 0.5, 0.75]],
    [K.arange(2.5), 'float32', [0, 1, 2]],
    [K.arange(3, { dtype: 'float64' }), 'float64', [0, 1, 2]],
    [K.arange(1, 3, { dtype: 'uint8' }), 'uint8', [1, 2]],
    [K.arange(-1.5, 5, { dtype: 'int32' }), 'int32', [-1, 0, 1, 2, 3, 4, 5]],
    [K.arange(0.9, 5, 1.5, { dtype: 'int32' }), 'int32', [0, 1, 2]],
  ])('%# has the dtype and the numbers of PyTorch', (x, dtype, values) => {
    expect(described(x)).toEqual([dtype, [values.length], values]);
  });

  test('counts by multiplying, so that errors do not pile up', () => {
    const x = K.arange(0, 1000, 0.1, { dtype: 'float64' });
    expect(x.numel()).toBe(10000);
    expect(x.index(9999).item()).toBe(9999 * 0.1);
  });

  test.each<[() => Tensor, string]>([
    [() => K.arange(0, 5, 0), 'step must be nonzero'],
    [() => K.arange(5, 0), 'inconsistent with step sign'],
    [() => K.arange(0, 5, -1), 'inconsistent with step sign'],
    [() => K.arange(-1), 'inconsistent with step sign'],
    [() => K.arange(Infinity), 'unsupported range: 0 -> Infinity'],
    [() => K.arange(Number.NaN, 1), 'unsupported range: NaN -> 1'],
    [() => K.arange(0, 1, 1e-300), 'a tensor holds at most 2147483647'],
  ])('an impossible range is an error %#', (f, message) => {
    expect(f).toThrow(K.KindlingError);
    expect(f).toThrow(message);
  });
});

describe('linspace and logspace', () => {
  test.each<[Tensor, DType, number[]]>([
    [K.linspace(0, 1, 5), 'float32', [0, 0.25, 0.5, 0.75, 1]],
    [K.linspace(3, -3, 3), 'float32', [3, 0, -3]],
    [K.linspace(7, 9, 1), 'float32', [7]],
    [K.linspace(7, 9, 0), 'float32', []],
    [K.linspace(-2, 10, 10, { dtype: 'int32' }), 'int32', [-2, 0, 0, 1, 3, 4, 6, 7, 8, 10]],
    [
      K.linspace(0, 100, 13, { dtype: 'int32' }),
      'int32',
      [0, 8, 16, 25, 33, 41, 50, 58, 66, 75, 83, 91, 100],
    ],
    [K.linspace(1, 2, 9, { dtype: 'uint8' }), 'uint8', [1, 1, 1, 1, 1, 1, 1, 1, 2]],
    [K.logspace(0, 2, 3), 'float32', [1, 10, 100]],
    [K.logspace(0, 3, 4, { base: 2 }), 'float32', [1, 2, 4, 8]],
  ])('%# has the dtype and the numbers of PyTorch', (x, dtype, values) => {
    expect(described(x)).toEqual([dtype, [values.length], values]);
  });

  test('both ends are met exactly', () => {
    // -0 counts as 0.
    const end = fc.float({ noNaN: true, min: -1e6, max: 1e6 }).map((x) => x + 0);
    fc.assert(
      fc.property(end, end, fc.integer({ min: 2, max: 50 }), (a, b, n) => {
        const values = K.linspace(a, b, n).toArray<number[]>();
        expect([values[0], values[n - 1]]).toEqual([a, b]);
      }),
      { seed: 1 },
    );
  });

  test('a bound that is a tensor has no dimensions', () => {
    expect(K.linspace(tensor(0), 1, 3).toArray()).toEqual([0, 0.5, 1]);
    expect(() => K.linspace(tensor([0]), 1, 3)).toThrow(/linspace only supports .* 0-dimensional .*\[1\]/);
    expect(() => K.logspace(0, tensor([1]), 3)).toThrow(/logspace only supports .* 0-dimensional/);
  });

  test('a number of steps that is none is an error', () => {
    for (const steps of [2.5, Number.NaN]) {
      expect(() => K.linspace(0, 1, steps)).toThrow('linspace: steps: expected an integer');
      expect(() => K.logspace(0, 1, steps)).toThrow('logspace: steps: expected an integer');
    }
    expect(() => K.linspace(0, 1, -1)).toThrow('linspace: number of steps must be non-negative');
    expect(() => K.logspace(0, 1, -1)).toThrow('logspace: number of steps must be non-negative');
  });
});

describe('filled tensors', () => {
  test('full takes its dtype from the value, the others from the default', () => {
    expect([K.full([2], 1), K.full([2], 1.5), K.full([2], true)].map((x) => x.dtype)).toEqual([
      'int32',
      'float32',
      'bool',
    ]);
    expect([K.zeros(2), K.ones([2]), K.empty([2]), K.eye(2)].map((x) => x.dtype)).toEqual(
      new Array(4).fill('float32'),
    );
    expect(K.full([2, 1], 2.5, { dtype: 'int32' }).toArray()).toEqual([[2], [2]]);
    expect(K.full([], Number.NaN).item()).toBeNaN();
  });

  test('zeros are zeros also where memory was used before', () => {
    for (let i = 0; i < 200; i++) {
      K.full([i % 40], 7.5);
      expect(K.zeros([i % 40]).data.every((v: number) => v === 0)).toBe(true);
    }
  });

  test('the like functions keep shape and dtype, not layout or gradient', () => {
    const x = K.ones([2, 3], { dtype: 'float64', requiresGrad: true }).t();
    for (const y of [
      K.zerosLike(x),
      K.onesLike(x),
      K.fullLike(x, 4),
      K.emptyLike(x),
      K.randLike(x),
      K.randnLike(x),
    ]) {
      expect([y.dtype, y.shape, y.requiresGrad, y.isContiguous()]).toEqual(['float64', [3, 2], false, true]);
    }
    expect(K.zerosLike(x, { dtype: 'int32' }).dtype).toBe('int32');
    expect(K.fullLike(K.ones([1], { dtype: 'uint8' }), true).item()).toBe(1);
    expect(K.onesLike(x, { requiresGrad: true }).requiresGrad).toBe(true);
  });

  test('eye', () => {
    expect(K.eye(2, 3).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(K.eye(3, 1, { dtype: 'bool' }).toArray()).toEqual([[true], [false], [false]]);
    expect(described(K.eye(2, { dtype: 'int32' }))).toEqual([
      'int32',
      [2, 2],
      [
        [1, 0],
        [0, 1],
      ],
    ]);
    expect([K.eye(0).shape, K.eye(0, 3).shape, K.eye(2, 0).shape]).toEqual([
      [0, 0],
      [0, 3],
      [2, 0],
    ]);
  });

  test('sizes of zero, and no sizes at all', () => {
    fc.assert(
      fc.property(shapes({ allowZero: true }), fc.constantFrom(...dtypes), (shape, dtype) => {
        for (const x of [K.zeros(shape, { dtype }), K.ones(shape, { dtype }), K.full(shape, 1, { dtype })]) {
          expect([x.shape, x.dtype]).toEqual([shape, dtype]);
          expect(x.data.length).toBe(shape.reduce((n, size) => n * size, 1));
        }
      }),
      { seed: 1 },
    );
  });

  test('the shape is copied', () => {
    const shape = [2, 3];
    const x = K.zeros(shape);
    shape[0] = 99;
    expect(x.shape).toEqual([2, 3]);
  });

  test.each<[() => unknown, ErrorType, string]>([
    [() => K.zeros([2, -1]), ShapeError, 'zeros: sizes must be non-negative integers, got [2, -1]'],
    [
      () => K.ones([1.5]),
      ShapeError,
      'ones: shape: expected a size, or an array of sizes such as [2, 3], got [1.5]',
    ],
    [
      () => K.empty(Number.NaN),
      ShapeError,
      'empty: shape: expected a size, or an array of sizes such as [2, 3], got NaN',
    ],
    [() => K.zeros([1e6, 1e6]), ShapeError, 'a tensor holds at most 2147483647'],
    [
      () => K.zeros('2' as unknown as number),
      ShapeError,
      'zeros: shape: expected a size, or an array of sizes such as [2, 3], got "2"',
    ],
    [
      () => K.zeros([2], { dtype: 'float16' as DType }),
      DTypeError,
      'zeros: dtype: expected one of bool, uint8, int32, float32, float64, got "float16"',
    ],
    [() => K.full([2], 'x' as unknown as number), DTypeError, 'full: value: expected a number'],
    [() => K.eye(-1), ShapeError, 'eye: sizes must be non-negative integers'],
    [() => K.rand([2], { dtype: 'int32' }), DTypeError, 'rand: not implemented for int32'],
    [
      () => K.zeros([2], { dtype: 'int32', requiresGrad: true }),
      AutogradError,
      'Only Tensors of floating point dtype',
    ],
    [() => K.full([1], Number.NaN, { dtype: 'int32' }), ValueError, 'cannot be converted to type int32'],
  ])('a bad argument is an error that teaches %#', (f, type, message) => {
    expect(f).toThrow(type);
    expect(f).toThrow(message);
  });
});

describe('triangles of indices', () => {
  test('trilIndices and triuIndices', () => {
    expect(K.trilIndices(2, 3).toArray()).toEqual([
      [0, 1, 1],
      [0, 0, 1],
    ]);
    expect(K.triuIndices(2, 3, { offset: 1 }).toArray()).toEqual([
      [0, 0, 1],
      [1, 2, 2],
    ]);
    expect(K.trilIndices(0, 3).shape).toEqual([2, 0]);
    expect(() => K.trilIndices(1, 1e10)).toThrow('a tensor holds at most 2147483647');
    expect(() => K.triuIndices(2, 2, { offset: 0.5 })).toThrow(
      'triuIndices: offset: expected an integer, got 0.5',
    );
  });
});

test('an array whose memory was transferred is refused in the name of what was called', () => {
  const gone = new Uint8Array(8);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  const calls: [string, () => unknown][] = [
    ['tensor', () => tensor(gone)],
    ['tensor', () => tensor([gone])],
    ['fromBuffer', () => fromBuffer(gone)],
    ['fromBuffer', () => fromBuffer(gone.buffer)],
    ['loadNpy', () => K.io.loadNpy(gone)],
    ['loadSafetensors', () => K.io.loadSafetensors(gone)],
  ];
  for (const [name, call] of calls)
    expect(call).toThrow(`${name}: the memory of what was given was transferred`);
  expect(tensor(new Float32Array(0)).shape).toEqual([0]);
  expect(fromBuffer(new ArrayBuffer(0)).shape).toEqual([0]);
});

test('every creation function makes a leaf', () => {
  for (const x of [
    tensor([1.5]),
    K.zeros(1),
    K.arange(2),
    K.eye(2),
    K.rand(2),
    fromBuffer(new Float32Array(1)),
  ]) {
    expect(x).toBeInstanceOf(Tensor);
    expect([x.isLeaf, x.requiresGrad, x.gradFn]).toEqual([true, false, null]);
  }
});
