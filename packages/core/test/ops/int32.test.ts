import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as K from '../../src/index.ts';
import { tensor, ValueError } from '../../src/index.ts';
import {
  abs,
  check,
  element,
  fits,
  floor,
  greatest,
  holds,
  int,
  list,
  max,
  min,
  number,
  pair,
} from './int32-support.ts';

describe('of one operand', () => {
  const unary: Record<string, (x: bigint) => bigint> = {
    neg: (x) => -x,
    abs,
    square: (x) => x * x,
    sign: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
    floor: (x) => x,
    round: (x) => x,
    bitwiseNot: (x) => ~x,
    relu: (x) => max(x, 0n),
  };
  test.each(Object.keys(unary).filter((name) => name in K))('%s', (name) => {
    const f = K[name as 'neg'];
    const inPlace = (K as unknown as Record<string, typeof f | undefined>)[`${name}_`];
    holds(
      fc.property(list, (values) => {
        const wanted = values.map((x) => unary[name]!(BigInt(x)));
        const [called, calledInPlace] = [name, `${name}_`];
        check(called, () => f(int(values)), wanted);
        if (inPlace === undefined) return;
        const x = int(values);
        check(calledInPlace, () => inPlace(x), wanted);
        if (!wanted.every(fits)) expect(x.tolist()).toEqual(values);
      }),
    );
  });
});

describe('of two operands', () => {
  const nonzero = (f: (a: bigint, b: bigint) => bigint) => (a: bigint, b: bigint) =>
    b === 0n ? null : f(a, b);
  const binary: Record<string, (a: bigint, b: bigint) => bigint | null> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    maximum: max,
    minimum: min,
    clampMin: max,
    clampMax: min,
    floorDivide: nonzero(floor),
    remainder: nonzero((a, b) => a - b * floor(a, b)),
    fmod: nonzero((a, b) => a % b),
    bitwiseAnd: (a, b) => a & b,
    bitwiseOr: (a, b) => a | b,
    bitwiseXor: (a, b) => a ^ b,
  };
  const bits = (name: string): boolean => name.startsWith('bitwise');
  test.each(Object.keys(binary))('%s', (name) => {
    const f = K[name as 'add'];
    const inPlace = (K as unknown as Record<string, typeof f | undefined>)[`${name}_`];
    const exact = binary[name]!;
    holds(
      fc.property(pair, number, (pairs, b) => {
        const [left, right] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
        const ofPairs = pairs.map(([x, y]) => exact(BigInt(x), BigInt(y)));
        if (!ofPairs.includes(null)) {
          const wanted = ofPairs as bigint[];
          check(name, () => f(int(left), int(right)), wanted);
          check(name, () => f(K.stack([int(left), int(left)]), int(right)), [...wanted, ...wanted]);
          if (inPlace !== undefined) {
            const x = int(left);
            check(`${name}_`, () => inPlace(x, int(right)), wanted);
            if (!wanted.every(fits)) expect(x.tolist()).toEqual(left);
          }
        }
        // Bits of a number beyond int32 are not looked at.
        if (bits(name) && !fits(BigInt(b))) {
          expect(() => f(int(left), b)).toThrow(`the result ${b} does not fit int32`);
          return;
        }
        const withNumber = left.map((x) => exact(BigInt(x), BigInt(b)));
        if (!withNumber.includes(null)) check(name, () => f(int(left), b), withNumber as bigint[]);
      }),
    );
  });

  test('pow', () => {
    const exponent = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(2 ** 31 - 1, 1000));
    const power = (a: number, b: number): bigint =>
      Math.abs(a) < 2
        ? BigInt(a === 0 ? Number(b === 0) : a < 0 && b % 2 === 1 ? -1 : 1)
        : BigInt(a) ** BigInt(Math.min(b, 40));
    holds(
      fc.property(
        fc.array(fc.tuple(element, exponent), { minLength: 1, maxLength: 6 }),
        exponent,
        (pairs, b) => {
          const [bases, exponents] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
          check(
            'pow',
            () => K.pow(int(bases), int(exponents)),
            pairs.map(([x, y]) => power(x, y)),
          );
          check(
            'pow',
            () => K.pow(int(bases), b),
            bases.map((x) => power(x, b)),
          );
        },
      ),
    );
    expect(K.pow(int([2, 1, -1, -1, 5, 0]), int([-1, -7, -3, -2, -1, -2])).tolist()).toEqual([
      0, 1, -1, 1, 0, 0,
    ]);
    expect(K.pow(int([1, -1, 0]), 2 ** 40).tolist()).toEqual([1, 1, 0]);
  });

  test('a number of either side, with alpha, and with both a quotient', () => {
    holds(
      fc.property(list, number, element, (values, b, alpha) => {
        const big = values.map(BigInt);
        check(
          'sub',
          () => K.sub(b, int(values)),
          big.map((x) => BigInt(b) - x),
        );
        check(
          'add',
          () => K.add(int(values), int(values), { alpha }),
          big.map((x) => x + BigInt(alpha) * x),
        );
        check(
          'rsub',
          () => K.rsub(int(values), int(values), { alpha }),
          big.map((x) => x - BigInt(alpha) * x),
        );
        if (b === 0) return;
        check(
          'div',
          () => K.div(int(values), b, { roundingMode: 'trunc' }),
          big.map((x) => x / BigInt(b)),
        );
        check(
          'div',
          () => K.div(int(values), b, { roundingMode: 'floor' }),
          big.map((x) => floor(x, BigInt(b))),
        );
      }),
    );
  });

  test('comparisons with numbers beyond int32', () => {
    const relations: Record<string, (a: bigint, b: bigint) => boolean> = {
      eq: (a, b) => a === b,
      ne: (a, b) => a !== b,
      lt: (a, b) => a < b,
      le: (a, b) => a <= b,
      gt: (a, b) => a > b,
      ge: (a, b) => a >= b,
    };
    holds(
      fc.property(list, number, (values, b) => {
        for (const [name, relation] of Object.entries(relations)) {
          const wanted = values.map((x) => relation(BigInt(x), BigInt(b)));
          expect(K[name as 'eq'](int(values), b).tolist()).toEqual(wanted);
        }
      }),
    );
  });
});

describe('of three operands', () => {
  test('addcmul, where, clamp, maskedFill', () => {
    const triple = fc.array(fc.tuple(element, element, element), { minLength: 1, maxLength: 20 });
    holds(
      fc.property(triple, fc.integer({ min: -3, max: 3 }), number, number, (rows, value, low, high) => {
        const [x, a, b] = [0, 1, 2].map((k) => rows.map((row) => row[k]!)) as [number[], number[], number[]];
        const big = rows.map((row) => row.map(BigInt)) as [bigint, bigint, bigint][];
        check(
          'addcmul',
          () => K.addcmul(int(x), int(a), int(b), { value }),
          big.map(([x, a, b]) => x + BigInt(value) * a * b),
        );
        check(
          'clamp',
          () => K.clamp(int(x), { min: low, max: high }),
          big.map(([x]) => min(max(x, BigInt(low)), BigInt(high))),
        );
        const condition = a.map((v) => v > 0);
        check(
          'where',
          () => K.where(tensor(condition), int(x), low),
          big.map(([x], i) => (condition[i] ? x : BigInt(low))),
        );
        check(
          'where',
          () => K.where(tensor(condition), low, high),
          condition.map((c) => BigInt(c ? low : high)),
        );
        if (fits(BigInt(low)))
          check(
            'maskedFill',
            () => K.maskedFill(int(x), tensor(condition), low),
            big.map(([x], i) => (condition[i] ? BigInt(low) : x)),
          );
        else
          expect(() => K.maskedFill(int(x), tensor(condition), low)).toThrow(/maskedFill: .*int32.*float64/);
      }),
    );
  });
});

describe('conversion and creation', () => {
  test('floats become int32 where they fit', () => {
    const float = fc.oneof(
      fc.double(),
      fc.double({ min: -3e9, max: 3e9 }),
      fc.constantFrom(2 ** 31, 2 ** 31 - 0.5, -(2 ** 31) - 0.5, -(2 ** 31) - 1),
    );
    holds(
      fc.property(
        fc.array(float, { minLength: 1, maxLength: 30 }),
        fc.constantFrom('float32', 'float64'),
        (values, dtype) => {
          const x = tensor(values, { dtype: 'float64' }).to(dtype);
          const whole = (x.tolist() as number[]).map(Math.trunc);
          const wanted = whole.map((v) => (Number.isFinite(v) ? BigInt(v) : 2n ** 64n));
          check('to', () => x.to('int32'), wanted);
          check('copy_', () => K.copy_(K.zeros(x.shape, { dtype: 'int32' }), x), wanted);
          if (dtype === 'float64')
            check('tensor', () => tensor(Float64Array.from(values), { dtype: 'int32' }), wanted);
        },
      ),
    );
  });

  const beyond = 2 ** 31;
  const refused: [string, () => unknown][] = [
    ['arange', () => K.arange(beyond - 2, beyond + 1)],
    ['arange', () => K.arange(-beyond + 1, -beyond - 2, -1)],
    ['linspace', () => K.linspace(0, beyond, 3, { dtype: 'int32' })],
    ['logspace', () => K.logspace(0, 12, 3, { dtype: 'int32' })],
    ['full', () => K.full([2], beyond)],
    ['fullLike', () => K.fullLike(int([1]), -beyond - 1)],
    ['tensor', () => tensor([1, beyond])],
    ['tensor', () => tensor([[1], new Float64Array([beyond])], { dtype: 'int32' })],
    ['tensor', () => tensor(new Float32Array([Number.NaN]), { dtype: 'int32' })],
    ['fill_', () => K.fill_(int([1]), beyond)],
    ['maskedFill_', () => K.maskedFill_(int([1]), tensor([true]), beyond)],
    ['scatter', () => K.scatter(int([1]), 0, int([0]), beyond)],
    ['indexFill', () => K.indexFill(int([1]), 0, int([0]), beyond)],
    ['indexPut', () => K.indexPut(int([1]), [int([0])], beyond)],
    ['add', () => K.add(beyond, 1)],
    ['where', () => K.where(tensor([true]), beyond, 0)],
    ['addcmul', () => K.addcmul(int([0]), int([1]), int([1]), { value: beyond })],
    ['mul_', () => int([65536]).mul_(65536)],
    ['add', () => int([1]).add(beyond)],
    ['neg', () => int([-beyond]).neg()],
    ['abs', () => int([-beyond]).abs()],
    ['floorDivide', () => int([-beyond]).floorDivide(-1)],
    ['pad', () => K.pad(int([1]), [1, 1], { value: beyond })],
    ['geometric_', () => K.zeros([9], { dtype: 'int32' }).geometric_(1e-12)],
  ];
  test.each(refused)('%s says so where a number does not fit', (name, run) => {
    expect(run).toThrow(ValueError);
    expect(run).toThrow(new RegExp(`^(${name}): .*int32.*float64`));
  });

  test('the ends of the range fit', () => {
    expect(K.arange(beyond - 2, beyond).tolist()).toEqual([beyond - 2, beyond - 1]);
    expect(K.arange(-beyond, -beyond + 2).tolist()).toEqual([-beyond, -beyond + 1]);
    expect(K.linspace(-beyond, beyond - 1, 2, { dtype: 'int32' }).tolist()).toEqual([-beyond, beyond - 1]);
    expect(tensor(Float64Array.of(-beyond, beyond - 1), { dtype: 'int32' }).tolist()).toEqual([
      -beyond,
      beyond - 1,
    ]);
  });
});

test('addr refuses factors of integers that are none, as PyTorch does there alone', () => {
  const x = int([1]);
  expect(K.addr(x, x, x, { alpha: 2 }).tolist()).toEqual([[3]]);
  expect(() => K.addr(x, x, x, { alpha: 0.5 })).toThrow(
    'addr: For integral input tensors, argument alpha must not be a floating point number, got 0.5',
  );
  expect(() => K.addr(x, x, x, { beta: Number.NaN })).toThrow(ValueError);
  expect(K.addr(x, x, K.ones([1]), { alpha: 0.5 }).tolist()).toEqual([[1.5]]);
});

test('factors of products of integers count as whole numbers, as in PyTorch', () => {
  const wide = (values: number[], shape: number[]) => int(values).reshape(shape);
  const [a, b, v] = [wide([3, 4], [1, 2]), wide([1, 0, 0, 1], [2, 2]), int([1, 2])];
  const [as, bs] = [a.unsqueeze(0), b.unsqueeze(0)];
  const scaled = (alpha: number, beta: number): unknown[] =>
    [
      K.addmm(wide([1, 2], [1, 2]), a, b, { alpha, beta }),
      K.addmv(int([5]), a, v, { alpha, beta }),
      K.baddbmm(wide([1, 2], [1, 1, 2]), as, bs, { alpha, beta }),
      K.addbmm(wide([1, 2], [1, 2]), as, bs, { alpha, beta }),
    ].map((x) => [x.dtype, x.flatten().tolist()]);
  const wholes = (...all: number[][]): unknown[] => all.map((x) => ['int32', x]);
  expect(scaled(-1.5, 2.9)).toEqual(wholes([-1, 0], [-1], [-1, 0], [-1, 0]));
  expect(scaled(2.5, 0.9)).toEqual(wholes([6, 8], [22], [6, 8], [6, 8]));
  for (const factor of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => K.addmv(int([5]), a, v, { alpha: factor })).toThrow(/^addmv: alpha and beta must be finite/);
    expect(() => K.baddbmm(as, as, bs, { beta: factor })).toThrow(/^baddbmm: alpha and beta must be finite/);
  }
});

test('bytes wrap around, as in PyTorch', () => {
  const x = tensor([200, 3], { dtype: 'uint8' });
  expect(x.add(100).tolist()).toEqual([44, 103]);
  expect(x.mul(x).tolist()).toEqual([64, 9]);
  expect(x.neg().tolist()).toEqual([56, 253]);
  expect(
    tensor([5], { dtype: 'uint8' })
      .mul_(int([100_000]))
      .tolist(),
  ).toEqual([32]);
  expect(K.arange(250, 260, { dtype: 'uint8' }).tolist()).toEqual([250, 251, 252, 253, 254, 255, 0, 1, 2, 3]);
});

test('an error in a large tensor leaves it as it was', () => {
  const x = K.arange(100_000);
  const y = K.indexPut(K.zerosLike(x), [int([99_999])], int([greatest]));
  expect(() => x.add_(y)).toThrow('add_: the result 2147583646 does not fit int32');
  expect(K.equal(x, K.arange(100_000))).toBe(true);
});
