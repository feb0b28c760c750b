import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as K from '../../src/index.ts';
import { type Tensor, tensor } from '../../src/index.ts';
import { check, element, fits, greatest, holds, int, list } from './int32-support.ts';

describe('reductions, scans and products', () => {
  const sumOf = (values: readonly number[]): bigint => values.reduce((a, b) => a + BigInt(b), 0n);
  const productOf = (values: readonly number[]): bigint => values.reduce((a, b) => a * BigInt(b), 1n);
  const scan = (values: readonly number[], f: (list: number[]) => bigint): bigint[] =>
    values.map((_, i) => f(values.slice(0, i + 1)));

  test('sum, nansum, prod, cumsum, cumprod, diff, trace', () => {
    holds(
      fc.property(list, (values) => {
        check('sum', () => K.sum(int(values)), [sumOf(values)]);
        check('nansum', () => K.nansum(int(values)), [sumOf(values)]);
        check('prod', () => K.prod(int(values)), [productOf(values)]);
        check('cumsum', () => K.cumsum(int(values), 0), scan(values, sumOf));
        check('cumprod', () => K.cumprod(int(values), 0), scan(values, productOf));
        check(
          'diff',
          () => K.diff(int(values)),
          values.slice(1).map((x, i) => BigInt(x) - BigInt(values[i]!)),
        );
        check('trace', () => K.trace(K.diag(int(values))), [sumOf(values)]);
      }),
    );
  });

  test('sum and prod over either dimension of larger tensors', () => {
    const shape = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }));
    const drawn = shape.chain(([rows, columns]) =>
      fc.record({
        rows: fc.constant(rows),
        columns: fc.constant(columns),
        seed: fc.integer(),
        most: fc.constantFrom(1, 2, 100, 2 ** 26, greatest),
      }),
    );
    holds(
      fc.property(drawn, ({ rows, columns, seed, most }) => {
        const generator = new K.Generator().manualSeed(seed >>> 0);
        const x = K.randint(-most, most + (most < greatest ? 1 : 0), [rows, columns], { generator });
        const values = x.tolist() as number[][];
        const byColumn = values[0]!.map((_, j) => values.map((row) => row[j]!));
        for (const [name, f] of [
          ['sum', sumOf],
          ['prod', productOf],
        ] as const) {
          check(name, () => K[name](x, 1), values.map(f));
          check(name, () => K[name](x, 0), byColumn.map(f));
          check(name, () => K[name](x), [f(values.flat())]);
        }
      }),
    );
  });

  test('bytes and bools add up to int32', () => {
    const n = 8_400_000;
    const bytes = K.full([n], 255, { dtype: 'uint8' });
    expect(bytes.sum().item()).toBe(255 * n);
    expect(() => K.cat([bytes, bytes]).sum()).toThrow(`sum: the result ${510 * n} does not fit int32`);
    expect(K.cat([bytes, bytes]).to('float64').sum().item()).toBe(510 * n);
    expect(K.cat([bytes, bytes]).sum(undefined, { dtype: 'float64' }).item()).toBe(510 * n);
    expect(K.full([5000], true).cumsum(0).sum().item()).toBe((5000 * 5001) / 2);
  });

  test('dot, mv, matmul, bmm, addmm, einsum', () => {
    const square = fc.array(element, { minLength: 9, maxLength: 9 });
    const times = (a: number[], b: number[], n: number): bigint[] =>
      Array.from(
        { length: 9 },
        (_, at) =>
          [0, 1, 2].reduce(
            (s, k) => s + BigInt(a[3 * Math.floor(at / 3) + k]!) * BigInt(b[3 * k + (at % 3)]!),
            0n,
          ) * BigInt(n),
      );
    holds(
      fc.property(square, square, square, (a, b, c) => {
        const matrix = (values: number[]): Tensor => int(values).reshape([3, 3]);
        const product = times(a, b, 1);
        check('matmul', () => K.matmul(matrix(a), matrix(b)), product);
        check('bmm', () => K.bmm(matrix(a).unsqueeze(0), matrix(b).unsqueeze(0)), product);
        check('einsum', () => K.einsum('ij,jk->ik', matrix(a), matrix(b)), product);
        check(
          'addmm',
          () => K.addmm(matrix(c), matrix(a), matrix(b), { alpha: -2, beta: 3 }),
          times(a, b, -2).map((x, i) => x + 3n * BigInt(c[i]!)),
        );
        check('dot', () => K.dot(int(a), int(b)), [a.reduce((s, x, i) => s + BigInt(x) * BigInt(b[i]!), 0n)]);
        const column = [0, 1, 2].map((i) => product[3 * i]!);
        check('mv', () => K.mv(matrix(a), matrix(b).select(1, 0)), column);
      }),
    );
  });

  test('indexAdd, scatterAdd, scatterReduce, indexPut, put and their forms in place', () => {
    holds(
      fc.property(
        list,
        fc.array(fc.tuple(fc.nat(4), element), { minLength: 1, maxLength: 20 }),
        (values, puts) => {
          const places = puts.map(([i]) => i % values.length);
          const source = puts.map(([, x]) => x);
          const [index, src] = [int(places), int(source)];
          const meeting = (f: (a: bigint, b: bigint) => bigint): bigint[] => {
            const out = values.map(BigInt);
            for (const [p, at] of places.entries()) out[at] = f(out[at]!, BigInt(source[p]!));
            return out;
          };
          const sums = meeting((a, b) => a + b);
          check('indexAdd', () => K.indexAdd(int(values), 0, index, src), sums);
          check('scatterAdd', () => K.scatterAdd(int(values), 0, index, src), sums);
          check('scatterReduce', () => K.scatterReduce(int(values), 0, index, src, 'sum'), sums);
          check(
            'scatterReduce',
            () => K.scatterReduce(int(values), 0, index, src, 'prod'),
            meeting((a, b) => a * b),
          );
          check('indexPut', () => K.indexPut(int(values), [index], src, { accumulate: true }), sums);
          const x = int(values);
          check('scatterAdd_', () => K.scatterAdd_(x, 0, index, src), sums);
          if (!sums.every(fits)) expect(x.tolist()).toEqual(values);
        },
      ),
    );
  });

  test('columns that meet in an image, of which a compiled step gives the same', () => {
    const shape = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer());
    holds(
      fc.property(shape, fc.constantFrom(9, 2 ** 29, greatest), ([rows, columns, seed], most) => {
        const generator = new K.Generator().manualSeed(seed >>> 0);
        const x = K.randint(-most, most, [4, rows * columns], { generator });
        const values = x.tolist() as number[][];
        const wanted = new Array<bigint>((rows + 1) * (columns + 1)).fill(0n);
        for (const [k, row] of values.entries()) {
          for (const [at, value] of row.entries()) {
            const [i, j] = [Math.floor(at / columns) + (k >> 1), (at % columns) + (k & 1)];
            wanted[i * (columns + 1) + j]! += BigInt(value);
          }
        }
        check('col2im', () => K.col2im(x, [rows + 1, columns + 1], 2), wanted);
      }),
    );
    const image = K.compile((x: Tensor) => K.col2im(x, [2, 3], 2));
    const columns = int([1, 2, 3, 4, 5, 6, 7, 8]).reshape([4, 2]);
    expect(image(columns).tolist()).toEqual(K.col2im(columns, [2, 3], 2).tolist());
    expect(() => image(K.full([4, 2], greatest))).toThrow(/the result 4294967294 does not fit int32/);
    expect(() => image(K.full([4, 2], greatest))).toThrow(/the result 4294967294 does not fit int32/);
  });

  test('outer, cross, mm, indexAdd and scatter by a factor or a product', () => {
    holds(
      fc.property(fc.array(element, { minLength: 6, maxLength: 6 }), element, (values, alpha) => {
        const [a, b, c, d, e, f] = values.map(BigInt) as [bigint, bigint, bigint, bigint, bigint, bigint];
        const [left, right] = [int(values.slice(0, 3)), int(values.slice(3))];
        const [as, bs] = [[a, b, c] as const, [d, e, f] as const];
        check(
          'outer',
          () => K.outer(left, right),
          as.flatMap((x) => bs.map((y) => x * y)),
        );
        const crossed = [b * f - c * e, c * d - a * f, a * e - b * d];
        // Each product is one result by itself.
        if ([b * f, c * e, c * d, a * f, a * e, b * d].every(fits))
          check('cross', () => K.cross(left, right), crossed);
        else expect(() => K.cross(left, right)).toThrow(/^cross: the result .*int32/);
        check('mm', () => K.mm(left.reshape([1, 3]), right.reshape([3, 1])), [a * d + b * e + c * f]);
        const scaled = BigInt(alpha) * d;
        const first = right.narrow(0, 0, 1);
        const added = (): Tensor => K.indexAdd(left, 0, int([1]), first, { alpha });
        if (fits(scaled)) check('indexAdd', added, [a, b + scaled, c]);
        else expect(added).toThrow(/^indexAdd: the result .*int32/);
        check('scatter', () => K.scatter(left, 0, int([2]), first, { reduce: 'add' }), [a, b, c + d]);
        check('scatter', () => K.scatter(left, 0, int([0]), first, { reduce: 'multiply' }), [a * d, b, c]);
      }),
    );
    expect(() => K.fullLike(int([1]), 2 ** 31)).toThrow(/^fullLike: .*int32.*float64/);
  });

  test('masked medians are those of the integers themselves', () => {
    const x = int([16_777_217, -5, 16_777_219, greatest]);
    const mask = tensor([true, true, true, false]);
    expect(K.masked.median(x, 0, { mask }).item()).toBe(16_777_217);
    expect(K.masked.median(int([greatest, greatest - 2, greatest - 4]), 0).item()).toBe(greatest - 2);
  });
});
