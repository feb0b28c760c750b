import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TypedArray } from '../../src/dtype.ts';
import { crossEntropyKernels } from '../../src/kernels/rows/cross-entropy/row-kernels.ts';
import { crossEntropyDenominator, crossEntropyRows } from '../../src/kernels/rows/index.ts';
import { rowLimits } from '../../src/kernels/rows/long-rows.ts';
import {
  logSoftmaxRows,
  logSoftmaxRowsBackward,
  logsumexpRows,
  softmaxRows,
  softmaxRowsBackward,
} from '../../src/kernels/rows/softmax.ts';
import type { Strided } from '../../src/kernels/strided/strided.ts';
import { stridedOver } from '../../src/kernels/strided/strided.ts';
import { ensureBytes, f32, i32 } from '../../src/kernels/wasm/index.ts';
import { contiguousStrides } from '../../src/shape.ts';
import { orders, shapesOf } from './support.ts';

const arrays = { float32: Float32Array, float64: Float64Array } as const;
type Float = keyof typeof arrays;
const dtypes: readonly Float[] = ['float32', 'float64'];

let seed = 3;
function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
  return seed / 2 ** 31;
}

function tensor(
  dtype: Float,
  shape: readonly number[],
  order: readonly number[],
  margin: number,
  scale: number,
): Strided {
  const sizes = order.map((d) => shape[d]! + margin);
  const steps = contiguousStrides(sizes);
  const strides = shape.map((_, d) => steps[order.indexOf(d)]!);
  const array = new arrays[dtype](2 + sizes.reduce((a, b) => a * b, 1)).map(() => scale * random());
  return stridedOver(array, dtype, shape, 1, strides);
}

/** Rows of `x` along `dim`, in row-major order of the other dimensions. */
function rowsOf(x: Strided, dim: number): number[][] {
  const { shape, strides } = x;
  const others = shape.map((_, d) => d).filter((d) => d !== dim);
  const rows: number[][] = [];
  const visit = (i: number, at: number): void => {
    const d = others[i];
    if (d === undefined) {
      rows.push(Array.from({ length: shape[dim]! }, (_, c) => x.storage.array[at + c * strides[dim]!]!));
    } else {
      for (let k = 0; k < shape[d]!; k++) visit(i + 1, at + k * strides[d]!);
    }
  };
  visit(0, x.offset);
  return rows;
}

const sum = (list: number[]): number => list.reduce((a, b) => a + b, 0);
const naiveLogSum = (row: number[]): number => {
  const max = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return max + Math.log(sum(row.map((v) => Math.exp(v - max))));
};
function naiveLog(row: number[]): number[] {
  const total = naiveLogSum(row);
  return row.map((v) => v - total);
}
const naiveSoftmax = (row: number[]): number[] => naiveLog(row).map(Math.exp);

const contiguous = (out: TypedArray, dtype: Float, shape: readonly number[]): Strided =>
  stridedOver(out, dtype, shape);

function expectRows(actual: number[][], wanted: number[][], tolerance: number): void {
  expect(actual.length).toBe(wanted.length);
  actual.forEach((row, r) => {
    row.forEach((value, c) => {
      const w = wanted[r]![c]!;
      if (!Object.is(value, w) && !(Math.abs(value - w) <= tolerance * (1 + Math.abs(w)))) {
        expect.fail(`row ${r}, element ${c}: ${value} instead of ${w}`);
      }
    });
  });
}

const drawn = shapesOf(3, 85, { minLength: 1, maxLength: 2 }).chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    order: orders(shape),
    margin: fc.integer({ min: 0, max: 2 }),
    dim: fc.integer({ min: 0, max: shape.length - 1 }),
    dtype: fc.constantFrom(...dtypes),
    scale: fc.constantFrom(1, 20, 200),
  }),
);

const toleranceOf = (dtype: Float): number => (dtype === 'float32' ? 2e-6 : 1e-13);

const { longest } = rowLimits;

/** Shapes of which some positions lie behind the dimension: more than fit at once, and such as leave a part of few columns over. */
const behind = [
  [2, 4096, 66],
  [3, 5, 4],
  [2, 7, 21],
  [1, 300, 1000],
];

describe.each(behind)('columns of (%d, %d, %d)', (...shape) => {
  test.each(dtypes)(
    '%s: softmax, logSoftmax, logsumexp and the backward kernels agree with loops',
    (dtype) => {
      const x = tensor(dtype, shape, [0, 1, 2], 0, 20);
      const g = tensor(dtype, shape, [0, 1, 2], 0, 1);
      const [rows, gs] = [rowsOf(x, 1), rowsOf(g, 1)];
      const out = new arrays[dtype](x.count + 1).fill(7);
      const result = (): number[][] => rowsOf(contiguous(out, dtype, shape), 1);
      softmaxRows(x, 1, out);
      expectRows(result(), rows.map(naiveSoftmax), toleranceOf(dtype));
      const y = contiguous(out.slice(0, x.count), dtype, shape);
      softmaxRowsBackward(y, g, 1, out);
      const first = rowsOf(y, 1).map((row, r) => {
        const dot = sum(row.map((v, c) => v * (gs[r]?.[c] ?? 0)));
        return row.map((v, c) => v * ((gs[r]?.[c] ?? 0) - dot));
      });
      expectRows(result(), first, 4 * toleranceOf(dtype));
      logSoftmaxRows(x, 1, out);
      expectRows(result(), rows.map(naiveLog), toleranceOf(dtype));
      const logs = contiguous(out.slice(0, x.count), dtype, shape);
      logSoftmaxRowsBackward(logs, g, 1, out);
      const second = rowsOf(logs, 1).map((row, r) => {
        const total = sum(gs[r] ?? []);
        return row.map((v, c) => (gs[r]?.[c] ?? 0) - Math.exp(v) * total);
      });
      expectRows(result(), second, 40 * toleranceOf(dtype));
      expect(out[x.count]).toBe(7);
      const sums = new arrays[dtype](rows.length);
      logsumexpRows(x, 1, sums);
      expectRows([Array.from(sums)], [rows.map(naiveLogSum)], toleranceOf(dtype));
    },
  );
});

test.each(dtypes)('columns of %s with NaN and infinities are those of rows', (dtype) => {
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -1e30, 3];
  const columns = odd.flatMap((a) => odd.flatMap((b) => odd.map((c) => [a, b, c] as const)));
  const across = new arrays[dtype]([0, 1, 2].flatMap((i) => columns.map((column) => column[i] ?? 0)));
  const down = new arrays[dtype](columns.flat());
  const n = columns.length;
  for (const run of [softmaxRows, logSoftmaxRows, logsumexpRows]) {
    const [a, b] = [new arrays[dtype](3 * n), new arrays[dtype](3 * n)];
    run(stridedOver(across, dtype, [3, n]), 0, a);
    run(stridedOver(down, dtype, [n, 3]), 1, b);
    const width = run === logsumexpRows ? 1 : 3;
    const turned = Array.from(
      { length: n * width },
      (_, i) => a[(i % width) * n + Math.floor(i / width)] ?? 0,
    );
    expectRows([turned], [Array.from(b.subarray(0, n * width))], toleranceOf(dtype));
  }
});

// What is beyond the limit is worked on in parts: rows of gigabytes, or of three elements where the limit is two.
describe.each([longest, 2])('rows in parts of %d elements:', (limit) => {
  beforeAll(() => {
    rowLimits.longest = limit;
  });
  afterAll(() => {
    rowLimits.longest = longest;
  });

  describe('along drawn dimensions of drawn layouts', () => {
    test('softmax, logSoftmax and logsumexp agree with loops', () => {
      fc.assert(
        fc.property(drawn, ({ shape, order, margin, dim, dtype, scale }) => {
          const x = tensor(dtype, shape, order, margin, scale);
          const rows = rowsOf(x, dim);
          const out = new arrays[dtype](x.count);
          softmaxRows(x, dim, out);
          expectRows(rowsOf(contiguous(out, dtype, shape), dim), rows.map(naiveSoftmax), toleranceOf(dtype));
          logSoftmaxRows(x, dim, out);
          expectRows(rowsOf(contiguous(out, dtype, shape), dim), rows.map(naiveLog), toleranceOf(dtype));
          const sums = new arrays[dtype](rows.length);
          logsumexpRows(x, dim, sums);
          expectRows([Array.from(sums)], [rows.map(naiveLogSum)], toleranceOf(dtype));
        }),
        { numRuns: 150 },
      );
    });

    test('the backward kernels follow their formulas', () => {
      fc.assert(
        fc.property(drawn, ({ shape, order, margin, dim, dtype }) => {
          const y = tensor(dtype, shape, order, margin, 1);
          const g = tensor(dtype, shape, [...order].reverse(), 0, 1);
          const ys = rowsOf(y, dim);
          const gs = rowsOf(g, dim);
          const out = new arrays[dtype](y.count);
          softmaxRowsBackward(y, g, dim, out);
          const first = ys.map((row, r) => {
            const dot = sum(row.map((v, c) => v * gs[r]![c]!));
            return row.map((v, c) => v * (gs[r]![c]! - dot));
          });
          expectRows(rowsOf(contiguous(out, dtype, shape), dim), first, toleranceOf(dtype));
          logSoftmaxRowsBackward(y, g, dim, out);
          const second = ys.map((row, r) => row.map((v, c) => gs[r]![c]! - Math.exp(v) * sum(gs[r]!)));
          expectRows(rowsOf(contiguous(out, dtype, shape), dim), second, 10 * toleranceOf(dtype));
        }),
        { numRuns: 100 },
      );
    });

    test('cross-entropy with weights, smoothing and ignored samples, and its gradient', () => {
      fc.assert(
        fc.property(
          drawn,
          fc.constantFrom(0, 0.25),
          fc.boolean(),
          fc.boolean(),
          ({ shape, order, margin, dim, dtype, scale }, labelSmoothing, weighted, single) => {
            const n = shape[dim]!;
            fc.pre(n > 0);
            const x = tensor(dtype, shape, order, margin, scale);
            const rows = rowsOf(x, dim);
            const target = Int32Array.from(rows, (_, r) => (r % 4 === 3 ? -7 : (r * 5) % n));
            const weights = Float64Array.from({ length: n }, () => 1 + random() / 2);
            const distribution = (t: number): number[] =>
              Array.from({ length: n }, (_, c) => {
                const share = (c === t ? 1 - labelSmoothing : 0) + labelSmoothing / n;
                return t === -7 ? 0 : share * (weighted ? weights[c]! : 1);
              });
            const even = new arrays[dtype](n).map(
              (_, c) => (labelSmoothing / n) * (weighted ? weights[c]! : 1),
            );
            const goal = {
              classes: target,
              onClass: 1 - labelSmoothing,
              ignoreIndex: -7,
              weight: weighted ? weights : null,
              spread: labelSmoothing === 0 ? null : stridedOver(even, dtype, [n]),
            };
            const losses = new arrays[dtype](rows.length + 1);
            const out = new arrays[dtype](x.count);
            const total = crossEntropyRows(x, dim, goal, 0.5, single ? out : null, losses.subarray(1));
            const wanted = rows.map((row, r) => {
              const logs = naiveLog(row);
              return sum(distribution(target[r]!).map((q, c) => (q === 0 ? 0 : -q * logs[c]!)));
            });
            expectRows([Array.from(losses.subarray(1))], [wanted], 4 * toleranceOf(dtype));
            expect(Math.abs(total - sum(wanted))).toBeLessThanOrEqual(
              4 * toleranceOf(dtype) * (1 + sum(wanted)),
            );
            if (!single) crossEntropyRows(x, dim, goal, 0.5, out);
            const gradient = rows.map((row, r) => {
              const q = distribution(target[r]!);
              return naiveSoftmax(row).map((p, c) => 0.5 * (sum(q) * p - q[c]!));
            });
            expectRows(rowsOf(contiguous(out, dtype, shape), dim), gradient, 4 * toleranceOf(dtype));
            const counted = sum(Array.from(target, (t) => (t === -7 ? 0 : weighted ? weights[t]! : 1)));
            expect(crossEntropyDenominator(target, n, -7, goal.weight, [target.length], 'test')).toBeCloseTo(
              counted,
              9,
            );
          },
        ),
        { numRuns: 150 },
      );
    });
  });

  describe.each(dtypes)('extreme rows of %s', (dtype) => {
    const inf = Number.POSITIVE_INFINITY;
    const nan = Number.NaN;
    const apply = (operation: typeof softmaxRows, rows: number[][]): number[][] => {
      const n = rows[0]!.length;
      const x = stridedOver(arrays[dtype].from(rows.flat()), dtype, [rows.length, n]);
      const out = new arrays[dtype](x.count);
      operation(x, 1, out);
      return rows.map((_, r) => Array.from(out.subarray(r * n, (r + 1) * n)));
    };
    const rows = [
      [-inf, -inf, -inf],
      [1e30, 0, -1e30],
      [-1e30, -1e30, -1e30],
      [inf, 0, 0],
      [nan, 0, 0],
      [0, -inf, 0],
    ];
    const third = dtype === 'float32' ? Math.fround(1 / 3) : 1 / 3;

    test('softmax', () => {
      expect(apply(softmaxRows, rows)).toEqual([
        [nan, nan, nan],
        [1, 0, 0],
        [third, third, third],
        [nan, nan, nan],
        [nan, nan, nan],
        [0.5, 0, 0.5],
      ]);
    });

    test('logSoftmax', () => {
      const results = apply(logSoftmaxRows, rows);
      const round = (v: number): number => (dtype === 'float32' ? Math.fround(v) : v);
      expect(results[0]).toEqual([nan, nan, nan]);
      expect(results[1]).toEqual([0, -round(1e30), -2 * round(1e30)]);
      expect(results[2]![0]).toBeCloseTo(-Math.log(3), 6);
      expect(results[3]).toEqual([nan, nan, nan]);
      expect(results[4]).toEqual([nan, nan, nan]);
      expect(results[5]![1]).toBe(-inf);
    });

    test('logsumexp', () => {
      const x = stridedOver(arrays[dtype].from(rows.flat()), dtype, [rows.length, 3]);
      const out = new arrays[dtype](rows.length);
      logsumexpRows(x, 1, out);
      const round = (v: number): number => (dtype === 'float32' ? Math.fround(v) : v);
      expect(Array.from(out)).toEqual([-inf, round(1e30), -round(1e30), inf, nan, round(Math.LN2)]);
    });

    test('a long row', () => {
      const n = 20_000;
      const x = stridedOver(new arrays[dtype](n).fill(-3), dtype, [n]);
      const out = new arrays[dtype](n);
      softmaxRows(x, 0, out);
      for (const value of [out[0]!, out[n - 1]!]) expect(Math.abs(value * n - 1)).toBeLessThan(1e-6);
    });
  });
});

test('a target that is no class is refused in words', () => {
  const check = (...classes: number[]) =>
    crossEntropyDenominator(Int32Array.from(classes), 3, -100, null, [1, classes.length], 'crossEntropy');
  expect(() => check(0, 3)).toThrow(/crossEntropy: Target 3 is out of bounds: at position \[0, 1\]/);
  expect(() => check(-1, 0)).toThrow(/Target -1 is out of bounds/);
  expect(check(-100, 0)).toBe(1);
});

test('cross-entropy writes nothing behind its gradient, where the memory of another value may begin', () => {
  const [rows, n] = [3, 6];
  const lane = {
    x: 64,
    classes: 256,
    spread: 320,
    grad: 512,
    loss: 640,
    targets: 704,
    scales: 768,
    losses: 832,
  };
  ensureBytes(1024);
  const behind = (lane.grad + rows * n * 4) / 4;
  for (const spread of [0, lane.spread]) {
    for (let i = 0; i < rows * n; i++) f32[lane.x / 4 + i] = random();
    f32.fill(1 / n, lane.spread / 4, lane.spread / 4 + n);
    f32.fill(7, behind, behind + 8);
    i32.set([0, 5, 2], lane.classes / 4);
    const { loss } = crossEntropyKernels('f32');
    const { x, classes, grad, targets, scales, losses } = lane;
    const refused = loss(
      rows,
      n,
      x,
      classes,
      4,
      -100,
      0,
      spread,
      0,
      grad,
      lane.loss,
      targets,
      scales,
      losses,
      2,
      0.9,
    );
    expect(refused).toBe(0);
    expect([...f32.subarray(behind, behind + 8)]).toEqual(new Array(8).fill(7));
  }
});
