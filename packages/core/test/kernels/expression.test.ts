import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrayConstructor, type DType } from '../../src/dtype.ts';
import { ElementwiseKernel, runElementwise } from '../../src/kernels/elementwise/elementwise.ts';
import * as E from '../../src/kernels/expression/index.ts';
import { stridedOver } from '../../src/kernels/strided/strided.ts';

const dtypeOf: Record<E.Lane, DType> = { f32: 'float32', f64: 'float64', i32: 'int32' };

/** Evaluates an expression over lists of numbers. */
function evaluate(
  lane: E.Lane,
  build: (...x: E.Expr[]) => E.Expr,
  operands: readonly (readonly number[])[],
  params: readonly number[] = [],
  to: DType = dtypeOf[lane],
): number[] {
  const dtype = dtypeOf[lane];
  const inputs = operands.map((list) => {
    const array = new (arrayConstructor(dtype))(list.length);
    array.set(list);
    return stridedOver(array, dtype, [list.length]);
  });
  const n = operands[0]!.length;
  const out = stridedOver(new (arrayConstructor(to))(n), to, [n]);
  runElementwise(new ElementwiseKernel('test', inputs.length, build), lane, inputs, params, out);
  return Array.from(out.storage.array);
}

const special = [0, -0, 0.5, -0.5, 1.5, 2.5, -2.5, 3, -7.25, 1e30, Infinity, -Infinity, NaN];
const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
const left = pairs.map(([a]) => a);
const right = pairs.map(([, b]) => b);

/** Half-to-even rounding; the sign of zero is kept. */
function nearest(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const low = Math.floor(x);
  const rest = x - low;
  const result = rest < 0.5 ? low : rest > 0.5 ? low + 1 : low % 2 === 0 ? low : low + 1;
  return result === 0 && (x < 0 || Object.is(x, -0)) ? -0 : result;
}

describe('float lanes', () => {
  const unary: Record<string, [(x: E.Expr) => E.Expr, (x: number) => number]> = {
    neg: [E.neg, (x) => -x],
    abs: [E.abs, Math.abs],
    sqrt: [E.sqrt, Math.sqrt],
    floor: [E.floor, Math.floor],
    ceil: [E.ceil, Math.ceil],
    trunc: [E.trunc, Math.trunc],
    nearest: [E.nearest, nearest],
    sign: [E.sign, (x) => (x > 0 ? 1 : x < 0 ? -1 : 0)],
    reciprocal: [E.reciprocal, (x) => 1 / x],
    isNaN: [(x) => E.toNumber(E.isNaN(x)), (x) => Number(Number.isNaN(x))],
    isInf: [(x) => E.toNumber(E.isInf(x)), (x) => Number(Math.abs(x) === Infinity)],
    isFinite: [(x) => E.toNumber(E.isFinite(x)), (x) => Number(Number.isFinite(x))],
    polynomial: [(x) => E.polynomial(x, [1, 2, 3]), (x) => (3 * x + 2) * x + 1],
    cbrtByScalarCall: [(x) => E.scalarCall('cbrt', x), Math.cbrt],
  };
  const round = { f32: Math.fround, f64: (x: number) => x };
  for (const lane of ['f32', 'f64'] as const) {
    for (const [name, [build, expected]] of Object.entries(unary)) {
      it(`${lane} ${name}`, () => {
        // `sign` gives +0 for either zero.
        const fix = (x: number) => (name === 'sign' ? x + 0 : x);
        const want = special.map((x) => fix(round[lane](expected(round[lane](x)))));
        expect(evaluate(lane, (x) => build(x), [special]).map(fix)).toEqual(want);
      });
    }
    const binary: Record<string, [(a: E.Expr, b: E.Expr) => E.Expr, (a: number, b: number) => number]> = {
      add: [E.add, (a, b) => a + b],
      sub: [E.sub, (a, b) => a - b],
      mul: [E.mul, (a, b) => a * b],
      div: [E.div, (a, b) => a / b],
      min: [E.min, Math.min],
      max: [E.max, Math.max],
      pmin: [E.pmin, (a, b) => [a, b][Number(b < a)]!],
      pmax: [E.pmax, (a, b) => [a, b][Number(a < b)]!],
      copysign: [E.copysign, (a, b) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a))],
    };
    for (const [name, [build, expected]] of Object.entries(binary)) {
      it(`${lane} ${name}`, () => {
        const keep = (x: number, y: number) => name !== 'copysign' || (!Number.isNaN(x) && !Number.isNaN(y));
        const got = evaluate(lane, (a, b) => build(a, b), [left, right]);
        pairs.forEach(([a, b], i) => {
          if (keep(a, b)) {
            expect(got[i], `${name}(${a}, ${b})`).toBe(round[lane](expected(round[lane](a), round[lane](b))));
          }
        });
      });
    }
    const compare: Record<string, [(a: E.Expr, b: E.Expr) => E.Expr, (a: number, b: number) => boolean]> = {
      lt: [E.lt, (a, b) => a < b],
      le: [E.le, (a, b) => a <= b],
      gt: [E.gt, (a, b) => a > b],
      ge: [E.ge, (a, b) => a >= b],
      eq: [E.eq, (a, b) => a === b],
      ne: [E.ne, (a, b) => a !== b],
      andNot: [(a, b) => E.and(E.lt(a, b), E.not(E.eq(a, 0))), (a, b) => a < b && a !== 0],
      xorOr: [
        (a, b) => E.or(E.xor(E.lt(a, b), E.gt(a, 0)), E.eq(b, 3)),
        (a, b) => a < b !== a > 0 || b === 3,
      ],
    };
    for (const [name, [build, expected]] of Object.entries(compare)) {
      it(`${lane} ${name}`, () => {
        const want = pairs.map(([a, b]) => Number(expected(a, b)));
        expect(evaluate(lane, (a, b) => build(a, b), [left, right], [], 'bool')).toEqual(want);
        expect(evaluate(lane, (a, b) => build(a, b), [left, right])).toEqual(want);
      });
    }

    it(`${lane} calls scalar functions where a mask says so`, () => {
      const f = (x: E.Expr) => E.scalarCallWhere(E.gt(x, 2), 'cbrt', E.neg(x), x);
      expect(evaluate(lane, (x) => f(x), [[1, 8, 27, -8, 0, 1, 1, 1, 64]])).toEqual([
        -1, 2, 3, 8, -0, -1, -1, -1, 4,
      ]);
    });

    it(`${lane} works on bits`, () => {
      const mantissa = lane === 'f32' ? 23 : 52;
      const bias = lane === 'f32' ? 127 : 1023;
      const exponent = (x: E.Expr) => E.toFloat(E.isub(E.shrU(E.shl(E.bitsOf(x), 1), mantissa + 1), bias));
      expect(evaluate(lane, (x) => exponent(x), [[1, 2, 0.25, -8, 6.5]])).toEqual([0, 1, -2, 3, 2]);
      const power = (x: E.Expr) => E.fromBits(E.shl(E.iadd(E.truncToInt(x), bias), mantissa));
      expect(evaluate(lane, (x) => power(x), [[0, 1.9, -3, 10]])).toEqual([1, 2, 0.125, 1024]);
      const odd = (x: E.Expr) => E.toNumber(E.ieq(E.iand(E.truncToInt(x), 1), 1));
      expect(evaluate(lane, (x) => odd(x), [[0, 1, -3, 10]])).toEqual([0, 1, 1, 0]);
    });
  }

  it('hoists what depends on parameters and shares equal nodes', () => {
    const f = (x: E.Expr, p: E.Expr) => E.add(E.mul(E.sqrt(p), x), E.mul(E.sqrt(p), x));
    expect(evaluate('f64', f, [[1, 2, 3]], [16])).toEqual([8, 16, 24]);
  });
});

describe('integer lanes', () => {
  const int = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer());
  const cases: Record<string, [(a: E.Expr, b: E.Expr) => E.Expr, (a: number, b: number) => number]> = {
    add: [E.add, (a, b) => (a + b) | 0],
    sub: [E.sub, (a, b) => (a - b) | 0],
    mul: [E.mul, Math.imul],
    min: [E.min, Math.min],
    max: [E.max, Math.max],
    truncDivide: [E.truncDivide, (a, b) => (b === 0 ? 0 : (a / b) | 0)],
    truncRemainder: [E.truncRemainder, (a, b) => (b === 0 ? 0 : (a % b) | 0)],
    wholeFloorDivide: [E.wholeFloorDivide, (a, b) => (b === 0 ? 0 : Math.floor(a / b) | 0)],
    wholeRemainder: [E.wholeRemainder, (a, b) => (b === 0 ? 0 : (a - b * Math.floor(a / b)) | 0)],
    and: [(a, b) => E.fromBits(E.iand(E.bitsOf(a), E.bitsOf(b))), (a, b) => a & b],
    absNeg: [(a, b) => E.add(E.abs(a), E.neg(b)), (a, b) => (Math.abs(a) - b) | 0],
    rounding: [(a, b) => E.add(E.floor(a), E.nearest(b)), (a, b) => (a + b) | 0],
    choice: [(a, b) => E.select(E.lt(a, b), a, 7), (a, b) => (a < b ? a : 7)],
  };
  for (const [name, [build, expected]] of Object.entries(cases)) {
    it(name, () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(int, int), { minLength: 1, maxLength: 12 }), (list) => {
          const got = evaluate('i32', (a, b) => build(a, b), [list.map(([a]) => a), list.map(([, b]) => b)]);
          expect(got).toEqual(list.map(([a, b]) => expected(a, b) + 0));
        }),
        { numRuns: 20 },
      );
    });
  }

  it.each(['truncDivide', 'truncRemainder', 'wholeFloorDivide', 'wholeRemainder', 'wholePow'] as const)(
    '%s of whole numbers in float64 lanes',
    (name) => {
      const exact: Record<typeof name, (a: bigint, b: bigint) => bigint> = {
        truncDivide: (a, b) => a / b,
        truncRemainder: (a, b) => a % b,
        wholeFloorDivide: (a, b) => (a - (((a % b) + b) % b)) / b,
        wholeRemainder: (a, b) => ((a % b) + b) % b,
        wholePow: (a, b) => (b >= 0n ? a ** b : a === 1n || a === -1n ? a ** (-b % 2n) : 0n),
      };
      const large = fc.oneof(int, fc.maxSafeInteger());
      const operands = name === 'wholePow' ? [int, fc.integer({ min: -3, max: 31 })] : [large, large];
      fc.assert(
        fc.property(fc.tuple(...operands), ([a = 0, b = 0]) => {
          if (b === 0 && name !== 'wholePow') return;
          const wanted = exact[name](BigInt(a), BigInt(b));
          if (wanted === BigInt.asIntN(53, wanted))
            expect(evaluate('f64', (x, y) => E[name](x, y), [[a], [b]])[0]! + 0).toBe(Number(wanted));
        }),
        { numRuns: 300, seed: 5 },
      );
    },
  );

  it('pow wraps, and knows negative exponents', () => {
    const a = [2, 3, -2, 1, -1, -1, 5, 0, 7, 2];
    const b = [10, 4, 3, -5, -3, -2, -1, 0, 30, 32];
    const want = [1024, 81, -8, 1, -1, 1, 0, 1, Number(BigInt.asIntN(32, 7n ** 30n)), 0];
    expect(evaluate('i32', (x, y) => E.pow(x, y), [a, b])).toEqual(want);
  });

  it('saturates constants and parameters', () => {
    const got = evaluate('i32', (x, p) => E.min(E.max(x, p), 2.9), [[-5, 0, 5]], [-1e300]);
    expect(got).toEqual([-5, 0, 2]);
  });
});

describe('errors', () => {
  it('names operation and operand kinds', () => {
    const x = E.input(0);
    expect(() => E.add(E.lt(x, 0), 1)).toThrow(/add: operand 0 is a mask \(lt\), expected a value/);
    expect(() => E.select(x, 1, 2)).toThrow(/select: operand 0 is a value/);
    expect(() => E.call('pow', x)).toThrow(/pow: takes 2 operands, got 1/);
    expect(() => evaluate('i32', (a) => E.sqrt(a), [[4]])).toThrow(/sqrt: not defined in i32 lanes/);
    expect(() => evaluate('f32', (a) => E.call('nowhere', a), [[4]])).toThrow(
      /nowhere has no implementation/,
    );
  });
});
