import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DType } from '../../src/dtype.ts';
import { arrayConstructor, laneOf, promoteTypes } from '../../src/dtype.ts';
import {
  ElementwiseKernel,
  runElementwise,
  runElementwiseMany,
} from '../../src/kernels/elementwise/elementwise.ts';
import * as E from '../../src/kernels/expression/index.ts';
import { type Strided, stridedOver } from '../../src/kernels/strided/strided.ts';
import { numelOf } from '../../src/shape.ts';
import {
  anyBroadcast,
  anyDType,
  contiguous,
  elementsOf,
  holds,
  layouts,
  operand,
  shapes,
  shrink,
} from './support.ts';

const fresh = (shape: readonly number[], dtype: DType): Strided =>
  stridedOver(new (arrayConstructor(dtype))(numelOf(shape)), dtype, shape);

const add = new ElementwiseKernel('add', 2, (a, b) => E.add(a, b));
const less = new ElementwiseKernel('lt', 2, (a, b) => E.lt(a, b));
const choose = new ElementwiseKernel('where', 3, (c, a, b) => E.select(E.toMask(c), a, b));
const scaled = new ElementwiseKernel('scaled', 1, (x, a, b) => E.add(E.mul(x, a), b));
const sumAndDifference = new ElementwiseKernel('sumAndDifference', 2, (a, b) => [E.add(a, b), E.sub(a, b)]);

describe('runElementwise', () => {
  it('broadcasts operands of any layout and dtype', () => {
    holds(
      shapes,
      fc.tuple(anyDType, anyDType),
      fc.tuple(anyBroadcast, anyBroadcast),
      fc.tuple(layouts, layouts),
      (shape, [da, db], [[ones, drop], [ones2, drop2]], [la, lb]) => {
        const a = operand(shrink(shape, ones, drop), da, la);
        const b = operand(shrink(shape, ones2, drop2), db, lb);
        const dtype = promoteTypes(promoteTypes(da, db), 'int32');
        const out = fresh(shape, dtype);
        runElementwise(add, laneOf(dtype), [a, b], [], out);
        const y = elementsOf(b, shape);
        const expected = elementsOf(a, shape).map((v, i) => v + y[i]!);
        expect(Array.from(out.storage.array)).toEqual(expected);
      },
    );
  });

  it('compares into bool, and selects by bool', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom<DType>('float32', 'float64', 'int32', 'uint8'),
        anyBroadcast,
        fc.tuple(layouts, layouts),
        (shape, dtype, [ones, drop], [la, lb]) => {
          const a = operand(shape, dtype, la);
          const b = operand(shrink(shape, ones, drop), dtype, lb);
          const x = elementsOf(a);
          const y = elementsOf(b, shape);
          const mask = fresh(shape, 'bool');
          runElementwise(less, laneOf(dtype), [a, b], [], mask);
          expect(Array.from(mask.storage.array)).toEqual(x.map((v, i) => Number(v < y[i]!)));
          const out = fresh(shape, dtype);
          runElementwise(choose, laneOf(dtype), [mask, a, b], [], out);
          expect(Array.from(out.storage.array)).toEqual(x.map((v, i) => Math.min(v, y[i]!)));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('writes to strided results', () => {
    fc.assert(
      fc.property(shapes, fc.tuple(layouts, layouts), (shape, [la, lb]) => {
        const a = operand(shape, 'float32', la);
        const out = operand(shape, 'float64', lb, true);
        runElementwise(scaled, 'f64', [a], [2, -1], out);
        expect(elementsOf(out)).toEqual(elementsOf(a).map((v) => 2 * v - 1));
      }),
      { numRuns: 100 },
    );
  });

  it('works in place, with several results that are operands', () => {
    fc.assert(
      fc.property(shapes, layouts, layouts, (shape, la, lb) => {
        const a = contiguous(shape, 'float32', la);
        const b = contiguous(shape, 'float32', lb);
        const x = elementsOf(a);
        const y = elementsOf(b);
        runElementwiseMany(sumAndDifference, 'f32', [a, b], [], [a, b]);
        expect(elementsOf(a)).toEqual(x.map((v, i) => v + y[i]!));
        expect(elementsOf(b)).toEqual(x.map((v, i) => v - y[i]!));
      }),
      { numRuns: 50 },
    );
  });

  it('reads an operand that overlaps the result otherwise before it is overwritten', () => {
    const n = 200;
    const array = Float32Array.from({ length: n * n + 1 }, (_, i) => i % 1000);
    const x = stridedOver(array, 'float32', [n, n]);
    const transposed = stridedOver(array, 'float32', [n, n], 0, [1, n]);
    const before = elementsOf(x);
    const other = elementsOf(transposed);
    runElementwise(add, 'f32', [x, transposed], [], x);
    expect(elementsOf(x)).toEqual(before.map((v, i) => v + other[i]!));

    const shifted = stridedOver(array, 'float32', [n * n], 1);
    const source = elementsOf(x);
    runElementwise(scaled, 'f32', [x], [2, 0], shifted);
    expect(elementsOf(shifted)).toEqual(source.map((v) => 2 * v));
  });

  it('converts results as PyTorch does', () => {
    const identity = new ElementwiseKernel('identity', 1, (x) => x);
    const x = stridedOver(Float32Array.of(1.9, -1.9, 300.5, -1, 0, Number.NaN, 0.5), 'float32', [7]);
    const as = (dtype: DType, lane: E.Lane) => {
      const out = fresh([7], dtype);
      runElementwise(identity, lane, [x], [], out);
      return Array.from(out.storage.array);
    };
    expect(as('int32', 'f32')).toEqual([1, -1, 300, -1, 0, 0, 0]);
    expect(() => as('int32', 'f64')).toThrow('the result NaN does not fit int32');
    for (const lane of ['f32', 'f64'] as const) {
      expect(as('uint8', lane)).toEqual([1, 255, 44, 255, 0, 0, 0]);
      expect(as('bool', lane)).toEqual([1, 1, 1, 1, 0, 1, 1]);
      expect(as('float64', lane)).toEqual(elementsOf(x));
    }
  });

  it('takes scalars, empty operands and parameters', () => {
    const one = stridedOver(Float32Array.of(7, 3), 'float32', [], 1);
    const out = fresh([], 'float32');
    runElementwise(add, 'f32', [one, one], [], out);
    expect(out.storage.array[0]).toBe(6);
    runElementwise(
      add,
      'f32',
      [fresh([0, 3], 'float32'), fresh([3], 'float32')],
      [],
      fresh([0, 3], 'float32'),
    );
    const filled = fresh([2, 3], 'int32');
    runElementwise(scaled, 'i32', [stridedOver(Int32Array.of(5), 'int32', [])], [2, 1.9], filled);
    expect(Array.from(filled.storage.array)).toEqual([11, 11, 11, 11, 11, 11]);
  });

  it('names the operation when there are too many operands', () => {
    const x = fresh([2], 'float32');
    expect(() => runElementwise(add, 'f32', [x, x, x], [], x)).toThrow(/add: got 3 operands/);
  });
});
