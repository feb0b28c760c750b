/** Kernels that have a loop of the same bits in JavaScript: both give the same, whichever a call is left to. */
import { describe, expect, it } from 'vitest';
import type { DType } from '../../src/dtype.ts';
import { Room, runCall } from '../../src/kernels/recording/index.ts';
import { i32 } from '../../src/kernels/wasm/index.ts';
import { tensor } from '../../src/ops/creation/from-data.ts';
import { manualSeed } from '../../src/random/index.ts';
import '../../src/methods.ts';
import { cat, full, index, indexPut, ones, randint, randn, zeros } from '../../src/ops/index.ts';
import * as foreign from '../../src/record/foreign/kernels.ts';
import type { Tensor } from '../../src/tensor.ts';
import { assertClose } from '../../src/testing/index.ts';

const bits = (x: Tensor): number[] => Array.from(new Uint8Array(x.contiguous().data.slice().buffer));
const dtypes: readonly DType[] = ['float32', 'float64', 'int32', 'uint8', 'bool'];

describe('runCall', () => {
  const calls: number[][] = [];
  const noted =
    (result: number) =>
    (...args: number[]): number => {
      calls.push(args);
      return result;
    };

  it('gives each array and each room an address of its own, and passes numbers on', () => {
    const x = new Float32Array(5);
    const y = new Uint8Array(3);
    expect(runCall('note', noted(0), [7, x, new Room('float64', 4), y])).toBe(true);
    expect(calls.pop()).toEqual([7, 64, 96, 128]);
  });

  it('writes nothing where the function refuses or the arrays do not fit', () => {
    const y = Int32Array.of(1, 2);
    expect(runCall('refuse', noted(1), [y], { checks: true })).toBe(false);
    expect(calls.pop()).toEqual([64]);
    expect(runCall('large', noted(0), [new Room('float64', 2 ** 21), y])).toBe(false);
    expect(calls).toEqual([]);
    expect(Array.from(y)).toEqual([1, 2]);
  });

  it('takes an array in two places, of which the last is written', () => {
    const y = Int32Array.of(4, 5);
    const copied: number[][] = [];
    const kernel = (from: number, to: number): void => {
      for (const at of [from, to]) copied.push(Array.from(i32.subarray(at / 4, at / 4 + 2)));
      i32[to / 4] = 6;
    };
    runCall('twice', kernel, [y, y], { keeps: [y] });
    expect(copied).toEqual([
      [4, 5],
      [4, 5],
    ]);
    expect(Array.from(y)).toEqual([6, 5]);
  });

  it('keeps what is said to be kept of what is written', () => {
    const y = Int32Array.of(4, 5);
    runCall('keep', noted(0), [y], { keeps: [y] });
    expect(Array.from(y)).toEqual([4, 5]);
  });
});

describe('rows longer than scratch', () => {
  const n = 720_000;
  it.each(['float32', 'float64', 'int32'] as const)('%s: are sorted, and have a median', (dtype) => {
    manualSeed(1);
    // With many equal elements, signed zeros among them.
    const x = randint(-1000, 1000, [n]).to(dtype);
    if (dtype !== 'int32') x.div_(8).mul_(-1);
    const { values, indices } = x.sort();
    const [given, order] = [x.data, indices.data];
    const expected = Array.from({ length: n }, (_, i) => i).sort((a, b) => given[a]! - given[b]! || a - b);
    expect(order.every((at, i) => at === expected[i])).toBe(true);
    expect(values.data.every((value, i) => value === given[expected[i]!])).toBe(true);
    const middle = x.median(0);
    expect(middle.values.item()).toBe(given[expected[(n - 1) >> 1]!]);
    expect(given[middle.indices.item() as number]).toBe(middle.values.item());
    const part = x.narrow(0, 0, 5000).median(0);
    expect(x.narrow(0, 0, 5000).sort().values.data[2499]).toBe(part.values.item());
  });
});

describe('elements and rows at indices', () => {
  const count = 1200;
  const piece = 100;
  const drawn = (dtype: DType, shape: number[]): Tensor =>
    dtype === 'float32' || dtype === 'float64' ? randn(shape, { dtype }) : randint(0, 2, shape).to(dtype);
  const inPieces = (total: number, part: (start: number) => Tensor): Tensor =>
    cat(Array.from({ length: total / piece }, (_, i) => part(i * piece)));

  it.each(dtypes)('%s: are read alike, many or few at a time', (dtype) => {
    manualSeed(2);
    const x = drawn(dtype, [300, 20]);
    const at = randint(0, 300 * 20, [count]);
    const few = (start: number): Tensor => at.narrow(0, start, piece);
    expect(bits(x.take(at))).toEqual(bits(inPieces(count, (start) => x.take(few(start)))));
    const rows = randint(0, 300, [count]);
    const one = (i: number): Tensor => x.indexSelect(0, rows.narrow(0, i, 1));
    const byRow = cat(Array.from({ length: count }, (_, i) => one(i)));
    expect(bits(x.indexSelect(0, rows))).toEqual(bits(byRow));
    const table = zeros([count, 20], { dtype });
    expect(foreign.readTableRows(x, rows, table)).toBe(-1);
    expect(bits(table)).toEqual(bits(byRow));
    // Few rows of a table that is large beside them, and more than is worth a call.
    const large = drawn(dtype, [9000, 20]);
    const some = randint(0, 9000, [40]);
    const found = zeros([40, 20], { dtype });
    expect(foreign.readTableRows(large, some, found)).toBe(-1);
    expect(bits(found)).toEqual(bits(large.indexSelect(0, some)));
    expect(foreign.readTableRows(large, tensor([3, 9000, -1]), zeros([3, 20], { dtype }))).toBe(1);
  });

  it.each(dtypes)('%s: are written alike, many or few at a time', (dtype) => {
    manualSeed(3);
    const x = drawn(dtype, [400]);
    const at = randint(0, 400, [count]);
    const source = drawn(dtype, [count]);
    for (const reduce of ['sum', 'prod', 'amax', 'amin'] as const) {
      const all = x.scatterReduce(0, at, source, reduce);
      let few = x;
      for (let i = 0; i < count; i += piece)
        few = few.scatterReduce(0, at.narrow(0, i, piece), source.narrow(0, i, piece), reduce);
      expect(bits(all), reduce).toEqual(bits(few));
    }
    let few = x;
    for (let i = 0; i < count; i += piece)
      few = few.scatter(0, at.narrow(0, i, piece), source.narrow(0, i, piece));
    expect(bits(x.scatter(0, at, source))).toEqual(bits(few));
  });

  it.each(dtypes)('%s: meet along each dimension as they do few at a time', (dtype) => {
    manualSeed(5);
    for (const [shape, dim, n] of [
      [[40, 60], 1, 33],
      [[40, 60], 0, 70],
      [[5, 12, 40], 1, 9],
      [[200, 130], 1, 130],
    ] as const) {
      const x = drawn(dtype, [...shape]);
      const at = randint(
        0,
        shape[dim] as number,
        shape.map((size, d) => (d === dim ? n : size)),
      );
      const values = drawn(dtype, [...at.shape]);
      const each = Array.from({ length: n }, (_, i) => at.narrow(dim, i, 1));
      const few = cat(
        each.map((some) => x.gather(dim, some)),
        dim,
      );
      expect(bits(x.gather(dim, at))).toEqual(bits(few));
      for (const reduce of ['sum', 'prod', 'amax', 'amin', 'set'] as const) {
        const meet = (to: Tensor, some: Tensor, beside: Tensor): Tensor =>
          reduce === 'set' ? to.scatter(dim, some, beside) : to.scatterReduce(dim, some, beside, reduce);
        let one = x;
        for (let i = 0; i < n; i++) one = meet(one, each[i]!, values.narrow(dim, i, 1));
        expect(bits(meet(x, at, values)), reduce).toEqual(bits(one));
      }
      const bad = at.clone();
      bad.data[bad.count - 2] = dtype === 'bool' ? -1 : (shape[dim] as number);
      expect(() => x.gather(dim, bad)).toThrow(`index ${bad.data[bad.count - 2]} is out of bounds`);
      const before = bits(x);
      expect(() => x.scatter_(dim, bad, values)).toThrow('is out of bounds');
      expect(bits(x)).toEqual(before);
    }
  });

  it('of several indices, many or few at a time', () => {
    manualSeed(6);
    const x = randn([70, 90]);
    const [a, b, v] = [randint(-70, 70, [count]), randint(-90, 90, [count]), randn([count])];
    const few = (start: number): Tensor => index(x, a.narrow(0, start, piece), b.narrow(0, start, piece));
    expect(bits(index(x, a, b))).toEqual(bits(inPieces(count, few)));
    let one = x;
    for (let i = 0; i < count; i += piece) {
      const at = [a.narrow(0, i, piece), b.narrow(0, i, piece)];
      one = indexPut(one, at, v.narrow(0, i, piece), { accumulate: true });
    }
    expect(bits(indexPut(x, [a, b], v, { accumulate: true }))).toEqual(bits(one));
    b.data[700] = 90;
    expect(() => index(x, a, b)).toThrow('index 90 is out of bounds for dimension 1 with size 90');
  });

  it.each(['float32', 'float64', 'int32'] as const)(
    '%s: named rows of a table are added up in order',
    (dtype) => {
      manualSeed(7);
      const values = randint(-9, 9, [40, 20]).to(dtype);
      if (dtype !== 'int32') values.div_(7);
      const [from, to] = [randint(0, 40, [count]), randint(0, 50, [count])];
      const sums = ones([50, 20], { dtype });
      foreign.addTableRows(values, to, sums, { skipped: -1, byFrequency: false, from });
      const all = values.indexSelect(0, from);
      expect(bits(sums)).toEqual(bits(zeros([50, 20], { dtype }).indexAdd(0, to, all)));
    },
  );

  it.each(dtypes)('%s: the greatest of bags, many or few at a time', (dtype) => {
    manualSeed(8);
    const table = randint(0, 5, [40, 20]).to(dtype);
    if (dtype === 'float32' || dtype === 'float64') for (const i of [3, 44, 99]) table.data[i] = Number.NaN;
    const [rows, bags] = [randint(0, 40, [300]), randint(0, 50, [300])];
    const expected = zeros([50, 20], { dtype: 'int32' }).fill_(-1);
    for (let i = 0; i < 300; i++)
      for (let j = 0; j < 20; j++) {
        const [row, at] = [rows.data[i]!, bags.data[i]! * 20 + j];
        const found = expected.data[at]!;
        if (found < 0 || table.data[row * 20 + j]! > table.data[found * 20 + j]!) expected.data[at] = row;
      }
    const out = zeros([50, 20], { dtype: 'int32' });
    expect(foreign.greatestTableRows(table, rows, bags, out)).toBe(-1);
    expect(out.tolist()).toEqual(expected.tolist());
    const few = zeros([50, 20], { dtype: 'int32' });
    expect(foreign.greatestTableRows(table, rows.narrow(0, 0, 9), bags.narrow(0, 0, 9), few)).toBe(-1);
    expect(few.max().item()).toBe(rows.narrow(0, 0, 9).max().item());
    rows.data[7] = 40;
    expect(foreign.greatestTableRows(table, rows, bags, out)).toBe(7);
  });

  it.each([6, 600])('the numbers of bags, of %i entries', (length) => {
    const out = zeros(length, { dtype: 'int32' });
    const number = (...offsets: number[]): number => foreign.numberBags(tensor(offsets), out);
    expect(number(0, 2, 2, 5)).toBe(-1);
    expect(out.tolist()).toEqual(Array.from({ length }, (_, i) => (i < 2 ? 0 : i < 5 ? 2 : 3)));
    expect(number(0, length)).toBe(-1);
    expect(out.max().item()).toBe(0);
    expect(number(1, 2)).toBe(0);
    expect(number(-1, 2)).toBe(0);
    expect(number(0, 3, 2)).toBe(2);
    expect(number(0, length + 1)).toBe(1);
    expect(number(0, 2, -1)).toBe(2);
  });

  it.each(['float32', 'float64'] as const)('%s: rows of a table are added up in order', (dtype) => {
    manualSeed(4);
    const values = drawn(dtype, [count, 20]);
    const indices = randint(0, 50, [count]);
    const sums = zeros([50, 20], { dtype });
    foreign.addTableRows(values, indices, sums, { skipped: 7, byFrequency: false });
    let expected = zeros([50, 20], { dtype });
    for (let i = 0; i < count; i++) {
      const row = indices.data[i]!;
      if (row !== 7)
        expected = expected.indexAdd(0, full([1], row, { dtype: 'int32' }), values.narrow(0, i, 1));
    }
    expect(bits(sums)).toEqual(bits(expected));
  });
});

describe('sums of elements at tabled places', () => {
  /** x, index, weights and y of some samples, some of whose places lie outside. */
  const given = (dtype: DType) => {
    const [n, c, s, k, p] = [2, 3, 10, 3, 7];
    return {
      x: randn([n, c, s], { dtype }),
      index: randint(-3, s + 3, [n, k, p]),
      weights: randn([n, k, p], { dtype }),
      y: randn([n, c, p], { dtype }),
    };
  };

  it.each(['float32', 'float64'] as const)(
    '%s: are those that loops give, as are both gradients',
    (dtype) => {
      manualSeed(5);
      const { x, index, weights, y } = given(dtype);
      const expected = { x: x.mul(0).double(), weights: weights.mul(0).double(), y: y.mul(0).double() };
      for (let n = 0; n < 2; n++)
        for (let c = 0; c < 3; c++)
          for (let k = 0; k < 3; k++)
            for (let p = 0; p < 7; p++) {
              const at = index.select(0, n).select(0, k).select(0, p).item();
              if (at < 0 || at >= 10) continue;
              const of = (t: Tensor, ...place: number[]): Tensor =>
                place.reduce((part, i) => part.select(0, i), t);
              const [a, w, g] = [of(x, n, c, at).item(), of(weights, n, k, p).item(), of(y, n, c, p).item()];
              of(expected.y, n, c, p).add_(a * w);
              of(expected.x, n, c, at).add_(g * w);
              of(expected.weights, n, k, p).add_(a * g);
            }
      for (const made of ['x', 'weights', 'y'] as const) {
        const all = { ...given(dtype), x, index, weights, y };
        const out = full(all[made].shape, 9, { dtype });
        all[made] = out;
        foreign.sumTaps(made, all.x, index, all.weights, all.y);
        assertClose(out.double(), expected[made], { rtol: 0, atol: dtype === 'float32' ? 1e-5 : 1e-13 });
      }
    },
  );

  it('of no channels are none, and weights get a gradient of 0', () => {
    const weights = full([1, 2, 3], 9, { dtype: 'float32' });
    const [x, y] = [zeros([1, 0, 4]), zeros([1, 0, 3])];
    foreign.sumTaps('weights', x, zeros([1, 2, 3], { dtype: 'int32' }), weights, y);
    expect(weights.toArray()).toEqual(zeros([1, 2, 3]).toArray());
  });

  it('refuse shapes and dtypes that do not fit', () => {
    const { x, index, weights, y } = given('float32');
    expect(() => foreign.sumTaps('y', x, index, weights, y.double())).toThrow(
      'sumTaps: expected x (N, C, S)',
    );
    expect(() => foreign.sumTaps('y', x, index.float(), weights, y)).toThrow('sumTaps: expected x (N, C, S)');
    expect(() => foreign.sumTaps('y', x, index, weights, y.narrow(2, 0, 6))).toThrow('sumTaps: expected x');
    expect(() =>
      foreign.sumTaps('y', x, index, weights, y.transpose(0, 2).contiguous().transpose(0, 2)),
    ).toThrow('sumTaps: expected x');
  });
});
