import { describe, expect, it } from 'vitest';
import { ElementwiseKernel, runElementwise } from '../../src/kernels/elementwise/elementwise.ts';
import { call } from '../../src/kernels/expression/index.ts';
import { stridedOver } from '../../src/kernels/strided/strided.ts';
import fixture from '../fixtures/math/float64.json' with { type: 'json' };

/** tools/oracle/math_reference.py writes the fixture: arguments and exact values. */

const scratch = new DataView(new ArrayBuffer(8));
function fromHex(hex: string): number {
  scratch.setBigUint64(0, BigInt(`0x${hex}`));
  return scratch.getFloat64(0);
}

/** The distance between a float64 of this size and the next. */
function ulp(x: number): number {
  scratch.setFloat64(0, Math.abs(x));
  const exponent = Math.max(Number(scratch.getBigUint64(0) >> 52n), 1);
  return 2 ** (exponent - 1075);
}

function evaluate(name: string, columns: number[][]): Float64Array {
  const n = columns[0]!.length;
  const out = new Float64Array(n);
  const kernel = new ElementwiseKernel(name, columns.length, (...x) =>
    call(name, ...x.slice(0, columns.length)),
  );
  const operands = columns.map((column) => stridedOver(Float64Array.from(column), 'float64', [n]));
  runElementwise(kernel, 'f64', operands, [], stridedOver(out, 'float64', [n]));
  return out;
}

function worst(rows: readonly string[][], name: string, error: (got: number, exact: number) => number) {
  const numbers = rows.map((row) => row.map(fromHex));
  const arity = numbers[0]!.length - 1;
  const columns = Array.from({ length: arity }, (_, i) => numbers.map((row) => row[i]!));
  const got = evaluate(name, columns);
  const errors = numbers.map((row, i) => error(got[i]!, row[arity]!));
  const at = errors.indexOf(Math.max(...errors));
  return {
    error: errors[at]!,
    arguments: numbers[at]!.slice(0, -1),
    got: got[at]!,
    exact: numbers[at]![arity]!,
  };
}

const inUlps = (got: number, exact: number): number =>
  got === exact ? 0 : Math.abs(got - exact) / ulp(exact);

/** By bound, in ulp, the functions that promise more or less than 2. */
const bounds: Readonly<Record<number, string>> = {
  1: 'exp exp2 expm1 log log2 log10 log1p sin cos tanh erf',
  3: 'i0 i1 i0e i1e',
  4: 'k0 k1 k0e k1e',
  16: 'polygamma zeta',
  // The exponent of a density is as large as its logarithm.
  64: 'igamma igammac',
};
const boundOf = (name: string): number =>
  Number(Object.entries(bounds).find(([, names]) => names.split(' ').includes(name))?.[0] ?? 2);

/**
 * Bessel functions, and negative arguments of these: zeros at odd places, so the bound is absolute (or relative, for large values).
 */
const absolute: Readonly<Record<string, string>> = {
  lgammaNegative: 'lgamma',
  digammaNegative: 'digamma',
  besselJ0: 'besselJ0',
  besselJ1: 'besselJ1',
  besselY0: 'besselY0',
  besselY1: 'besselY1',
};

describe('float64 functions at points with known exact values', () => {
  for (const [name, rows] of Object.entries(fixture)) {
    const plain = absolute[name];
    if (plain !== undefined) {
      it(`${name} is within 4e-15`, () => {
        const found = worst(
          rows,
          plain,
          (got, exact) => Math.abs(got - exact) / Math.max(1, Math.abs(exact)),
        );
        expect(found.error, JSON.stringify(found)).toBeLessThanOrEqual(4e-15);
      });
      continue;
    }
    const bound = boundOf(name);
    it(`${name} is within ${bound} ulp`, () => {
      const found = worst(rows, name, inUlps);
      expect(found.error, JSON.stringify(found)).toBeLessThanOrEqual(bound);
    });
  }
});
