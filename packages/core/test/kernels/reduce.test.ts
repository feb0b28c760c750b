import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DType, TypedArray } from '../../src/dtype.ts';
import type { ReduceKind } from '../../src/kernels/reduce/kinds.ts';
import { moments, reduce } from '../../src/kernels/reduce/reduce.ts';
import type { Strided } from '../../src/kernels/strided/strided.ts';
import { stridedOver } from '../../src/kernels/strided/strided.ts';
import { range } from '../../src/kernels/wasm/index.ts';
import { contiguousStrides } from '../../src/shape.ts';
import { orders, shapesOf } from './support.ts';

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

let seed = 7;
function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
  return seed / 2 ** 31;
}

interface Case {
  readonly x: Strided;
  readonly dims: readonly number[];
}

/** Tensors of drawn shape, permuted and cut out of larger ones, and the dimensions to reduce. */
function cases(dtype: DType): fc.Arbitrary<Case> {
  return shapesOf(4, 40, { maxLength: 4 })
    .chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        order: orders(shape),
        margins: fc.array(fc.integer({ min: 0, max: 2 }), {
          minLength: shape.length,
          maxLength: shape.length,
        }),
        offset: fc.integer({ min: 0, max: 3 }),
        contiguous: fc.boolean(),
        dims: fc.subarray(shape.map((_, d) => d)),
      }),
    )
    .filter(({ shape }) => shape.reduce((a, b) => a * b, 1) < 40000)
    .map(({ shape, order, margins, offset, contiguous, dims }) => {
      // Memory holds the dimensions in `order`, each with a margin.
      const sizes = order.map((d) => shape[d]! + (contiguous ? 0 : margins[d]!));
      const steps = contiguousStrides(sizes);
      const strides = shape.map((_, d) =>
        contiguous ? contiguousStrides(shape)[d]! : steps[order.indexOf(d)]!,
      );
      const array: TypedArray = new arrays[dtype](offset + sizes.reduce((a, b) => a * b, 1) + 1);
      for (let i = 0; i < array.length; i++) {
        if (dtype === 'bool') array[i] = random() > 0.3 ? 1 : 0;
        else if (dtype === 'uint8') array[i] = Math.floor(random() * 128 + 128);
        else if (dtype === 'int32') array[i] = Math.floor(random() * 2 ** 31);
        else array[i] = random() < -0.8 ? 0 : random() * 3;
      }
      const x = stridedOver(array, dtype, shape, offset, strides);
      return {
        x,
        dims,
        [fc.toStringMethod]: () => `${dtype} [${shape}] strides [${strides}] over [${dims}]`,
      };
    });
}

/** The elements that make each result, results in row-major order of the kept dimensions. */
function groups({ x, dims }: Case): number[][] {
  const kept = x.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const count = kept.reduce((size, d) => size * x.shape[d]!, 1);
  const result: number[][] = Array.from({ length: count }, () => []);
  const index = x.shape.map(() => 0);
  const total = x.shape.reduce((a, b) => a * b, 1);
  for (let i = 0; i < total; i++) {
    let group = 0;
    for (const d of kept) group = group * x.shape[d]! + index[d]!;
    result[group]!.push(x.storage.array[x.offset + index.reduce((at, k, d) => at + k * x.strides[d]!, 0)]!);
    for (let d = x.shape.length - 1; d >= 0; d--) {
      if (++index[d]! < x.shape[d]!) break;
      index[d] = 0;
    }
  }
  return result;
}

const sum = (list: number[]): number => list.reduce((a, b) => a + b, 0);
const expected: Record<Exclude<ReduceKind, 'sumCentered' | 'sumDeviations'>, (list: number[]) => number> = {
  sum,
  prod: (list) => list.reduce((a, b) => a * b, 1),
  max: (list) => list.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  min: (list) => list.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
  sumAbs: (list) => sum(list.map(Math.abs)),
  maxAbs: (list) => list.reduce((a, b) => Math.max(a, Math.abs(b)), Number.NEGATIVE_INFINITY),
  minAbs: (list) => list.reduce((a, b) => Math.min(a, Math.abs(b)), Number.POSITIVE_INFINITY),
  sumSquares: (list) => sum(list.map((x) => x * x)),
  nansum: sum,
  countNonzero: (list) => list.filter((x) => x !== 0).length,
  any: (list) => (list.some((x) => x !== 0) ? 1 : 0),
  all: (list) => (list.every((x) => x !== 0) ? 1 : 0),
};
const kinds = Object.keys(expected) as Exclude<ReduceKind, 'sumCentered' | 'sumDeviations'>[];

function expectClose(actual: TypedArray, wanted: number[], relative: number, scale: number[]): void {
  expect(actual.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const a = actual[i]!;
    const w = wanted[i]!;
    if (!Object.is(a, w) && !(Math.abs(a - w) <= relative * scale[i]!)) {
      expect.fail(`result ${i}: ${a} instead of ${w}`);
    }
  }
}

describe('reduce agrees with loops over drawn layouts', () => {
  test.each(kinds.flatMap((kind) => [[kind, 'float32'] as const, [kind, 'float64'] as const]))(
    '%s of %s',
    (kind, dtype) => {
      fc.assert(
        fc.property(cases(dtype), (drawn) => {
          const lists = groups(drawn);
          const out = new arrays[dtype](lists.length);
          reduce(kind, drawn.x, drawn.dims, out);
          const wanted = lists.map(expected[kind]);
          const scale = lists.map((list, i) => Math.abs(wanted[i]!) + expected.sumAbs(list));
          expectClose(out, wanted, dtype === 'float32' ? 1e-7 : 1e-14, scale);
        }),
        { numRuns: 40 },
      );
    },
  );

  test.each(['sum', 'prod', 'max', 'min', 'any', 'all', 'countNonzero'] as const)(
    '%s of integers, or an error where it does not fit int32',
    (kind) => {
      const exact: Partial<Record<ReduceKind, (list: number[]) => bigint>> = {
        sum: (list) => list.reduce((a, b) => a + BigInt(b), 0n),
        prod: (list) => list.reduce((a, b) => a * BigInt(b), 1n),
        max: (list) => BigInt(list.reduce((a, b) => Math.max(a, b), -(2 ** 31))),
        min: (list) => BigInt(list.reduce((a, b) => Math.min(a, b), 2 ** 31 - 1)),
      };
      const ofList = exact[kind] ?? ((list) => BigInt(expected[kind](list)));
      const drawing = fc
        .tuple(fc.constantFrom<DType>('int32', 'uint8', 'bool'), fc.constantFrom(0, 12, 20, 30))
        .chain(([dtype, shift]) => cases(dtype).map((drawn) => ({ drawn, shift })));
      fc.assert(
        fc.property(drawing, ({ drawn, shift }) => {
          const { array } = drawn.x.storage;
          if (array instanceof Int32Array) array.set(array.map((x) => x >> shift));
          const lists = groups(drawn);
          const wanted = lists.map(ofList);
          const out = new Int32Array(lists.length);
          const run = () => reduce(kind, drawn.x, drawn.dims, out);
          if (wanted.some((x) => x !== BigInt.asIntN(32, x))) expect(run).toThrow('does not fit int32');
          else {
            run();
            expect(Array.from(out, BigInt)).toEqual(wanted);
          }
        }),
        { numRuns: 100, seed: 11 },
      );
    },
  );

  test('sums of integers are exact beyond 2^53, and products of zero are 0', () => {
    const most = 2 ** 31 - 1;
    const n = 2 ** 22 + 100;
    const large = new Int32Array(2 * n + 1).fill(most, 0, n).fill(-most, n);
    large[2 * n] = 3;
    const out = new Int32Array(1);
    reduce('sum', stridedOver(large, 'int32', [2 * n + 1]), [0], out);
    expect(out[0]).toBe(3);
    const zero = new Int32Array(1000).fill(-(2 ** 31));
    zero[999] = 0;
    for (const shape of [[1000], [250, 4]]) {
      reduce(
        'prod',
        stridedOver(zero, 'int32', shape),
        shape.map((_, d) => d),
        out,
      );
      expect(out[0]).toBe(0);
    }
  });

  test.each(['float32', 'float64'] as const)('mean and variance of %s', (dtype) => {
    fc.assert(
      fc.property(cases(dtype), fc.boolean(), (drawn, root) => {
        const lists = groups(drawn);
        const variances = new arrays[dtype](lists.length);
        const means = new arrays[dtype](lists.length);
        moments(drawn.x, drawn.dims, 1, root, variances, means);
        const mean = lists.map((list) => sum(list) / list.length);
        const variance = lists.map((list, i) => {
          const squares = sum(list.map((v) => (v - mean[i]!) ** 2));
          const value = squares / Math.max(0, list.length - 1);
          return root ? Math.sqrt(value) : value;
        });
        const tolerance = dtype === 'float32' ? 1e-6 : 1e-13;
        expectClose(
          means,
          mean,
          tolerance,
          mean.map(() => 3),
        );
        expectClose(
          variances,
          variance,
          tolerance,
          variance.map(() => 9),
        );
      }),
      { numRuns: 60 },
    );
  });
});

test('ten million times 0.1 in float32 sums to a million, whatever the shape', () => {
  const array = new Float32Array(10_000_000).fill(0.1);
  for (const [shape, dims] of [
    [[10_000_000], [0]],
    [[5_000_000, 2], [0]],
    [[2, 5_000_000], [1]],
    [
      [100, 1000, 100],
      [0, 2],
    ],
    [
      [2500, 4000],
      [0, 1],
    ],
  ] as const) {
    const x = stridedOver(array, 'float32', shape);
    const kept = shape.filter((_, d) => !(dims as readonly number[]).includes(d)).reduce((a, b) => a * b, 1);
    const out = new Float32Array(kept);
    reduce('sum', x, dims, out);
    for (const value of out) expect(Math.abs(value * kept - 1e6) / 1e6).toBeLessThan(1e-6);
    const mean = new Float32Array(kept);
    reduce('sum', x, dims, mean, 0, { divisor: 10_000_000 / kept });
    for (const value of mean) expect(value).toBe(Math.fround(0.1));
  }
});

test('float64 sums are made of blocks', () => {
  const array = new Float64Array(2_000_000).fill(0.1);
  const out = new Float64Array(1);
  reduce('sum', stridedOver(array, 'float64', [2_000_000]), [0], out);
  expect(Math.abs(out[0]! - 200_000) / 200_000).toBeLessThan(1e-13);
});

describe('NaN and nothing', () => {
  test.each([5, 100])('max, min, their positions and sums see a NaN among %i', (n) => {
    const array = new Float32Array(n).fill(1);
    array[3] = Number.NaN;
    array[4] = 7;
    const x = stridedOver(array, 'float32', [n]);
    const columns = stridedOver(
      Float32Array.from({ length: 2 * n }, (_, i) => array[i >> 1]!),
      'float32',
      [n, 2],
    );
    const out = new Float32Array(1);
    const two = new Float32Array(2);
    for (const kind of ['max', 'min', 'sum', 'prod', 'maxAbs'] as const) {
      reduce(kind, x, [0], out);
      expect(out[0]).toBeNaN();
      reduce(kind, columns, [0], two);
      expect(two[0]).toBeNaN();
      expect(two[1]).toBeNaN();
    }
    reduce('nansum', x, [0], out);
    expect(out[0]).toBe(n + 5);
    reduce('any', x, [0], out);
    expect(out[0]).toBe(1);
  });

  test.each([
    ['max', 0, -1],
    ['min', -0, 1],
  ] as const)('the %s of 0 and -0 is %d, in a row and in columns', (kind, extreme, sign) => {
    const zeros = (i: number): number => (i === 37 ? extreme : i % 3 === 0 ? -extreme : sign * (1 + i));
    for (const dtype of ['float32', 'float64'] as const) {
      const out = new arrays[dtype](2);
      reduce(kind, stridedOver(new arrays[dtype](range(100).map(zeros)), dtype, [100]), [0], out);
      const pairs = new arrays[dtype](range(200).map((i) => (i % 2 === 0 ? zeros(i >> 1) : sign)));
      reduce(kind, stridedOver(pairs, dtype, [100, 2]), [0], out, 0);
      expect(Array.from(out)).toEqual([extreme, sign]);
    }
  });

  test('reductions of nothing give the identity', () => {
    const x = stridedOver(new Float32Array(0), 'float32', [2, 0]);
    const out = new Float32Array(2);
    const results: [ReduceKind, number][] = [
      ['sum', 0],
      ['prod', 1],
      ['max', Number.NEGATIVE_INFINITY],
      ['any', 0],
      ['all', 1],
    ];
    for (const [kind, value] of results) {
      reduce(kind, x, [1], out);
      expect(Array.from(out)).toEqual([value, value]);
    }
    reduce('sum', x, [1], out, 0, { divisor: 0 });
    expect(out[0]).toBeNaN();
  });
});
