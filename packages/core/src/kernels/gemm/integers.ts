/**
 * What products of integers need beside those of float64 numbers: to know whether these are exact, and what to do where
 * not, in eager calls and, by a WebAssembly kernel, in programs.
 */

import { type FunctionBuilder, i32Params, ModuleBuilder, once, type ParametersOf } from '../wasm/index.ts';
import { elementAt, type MatrixView } from './operands.ts';

/** Below this, float64 numbers hold every sum of whole numbers exactly, in whatever order they are added. */
export const EXACT = 2 ** 53;

/** The greatest absolute value in a matrix. */
export function largest(view: MatrixView, rows: number, cols: number): number {
  let most = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) most = Math.max(most, Math.abs(elementAt(view, i, j)));
  }
  return most;
}

/** alpha * a @ b + beta * added without loss, then rounded to float64: what fits int32 is exact. Slow. */
export function exactProduct(
  m: number,
  n: number,
  k: number,
  a: MatrixView,
  b: MatrixView,
  out: Float64Array,
  alpha: number,
  beta: number,
  added: MatrixView | undefined,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0n;
      for (let p = 0; p < k; p++) sum += BigInt(elementAt(a, i, p)) * BigInt(elementAt(b, p, j));
      sum *= BigInt(Math.trunc(alpha));
      if (added !== undefined) sum += BigInt(Math.trunc(beta)) * BigInt(elementAt(added, i, j));
      out[i * n + j] = Number(sum);
    }
  }
}

/**
 * Sets c to alpha * a @ b + beta * added, exactly where that is an int32 and to a number beyond int32 where it is none,
 * if the operands are so large that sums of float64 numbers could have lost a bit; else leaves c as it is. All are
 * dense matrices of float64 numbers that are int32s; of `added` there is none where its address is 0. |alpha| and
 * |beta| are at most 2^53.
 */
type ExactProduct = (
  m: number,
  n: number,
  k: number,
  a: number,
  b: number,
  c: number,
  added: number,
  alpha: number,
  beta: number,
) => void;

/** A number beyond int32. */
const BEYOND = 2 ** 40;

/**
 * An int32 that agrees with a number of less than 155 bits modulo 2^64 and modulo these is that number: their product
 * has more. The sum of at most 2^31 products of 62 bits, times a factor of 53, has 146.
 */
const primes = [2 ** 31 - 1, 2 ** 31 - 19, 2 ** 31 - 61];

const params = {
  ...i32Params('m', 'n', 'k', 'a', 'b', 'c', 'added'),
  alpha: 'f64',
  beta: 'f64',
} as const;

/** The types of the parameters, in order. */
export const exactTypes = Object.values(params);

/** Adds what gives the greatest absolute value of some numbers. */
const defineLargest = (module: ModuleBuilder): number =>
  module.define({ name: 'largest', result: 'f64' }, i32Params('count', 'address'), (f, p) => {
    const most = f.local('f64');
    f.countdown(p.count, 1, () => {
      f.get(most).get(p.address).load('f64.load').op('f64.abs').op('f64.max').set(most);
      f.bump(p.address, { bytes: 8 });
    });
    f.get(most);
  });

/** What the kernel is written with: its function, parameters and locals. */
const emitting = (f: FunctionBuilder, p: ParametersOf<typeof params>) => ({
  ...{ f, p },
  v: f.locals('i32', 'i', 'j', 'p', 'x', 'y', 'b', 'row'),
  ...f.locals('i64', 'high', 'low', 'term'),
  ...f.locals('i64', 'alpha', 'beta', 'result'),
  fits: f.local('i32'),
});

type Emitting = ReturnType<typeof emitting>;

/** Pushes the number at an address as an integer. */
const integer = (f: FunctionBuilder, pointer: number): FunctionBuilder =>
  f.get(pointer).load('f64.load').op('i64.trunc_sat_f64_s');

/** Returns where no sum of float64 numbers can have lost a bit. */
function returnIfExact({ f, p }: Emitting, largest: number): void {
  const greatest = (rows: number, cols: number, address: number): void => {
    f.get(rows).get(cols).op('i32.mul').get(address).call(largest);
  };
  greatest(p.m, p.k, p.a);
  greatest(p.k, p.n, p.b);
  f.op('f64.mul').get(p.k).op('f64.convert_i32_s').op('f64.mul').get(p.alpha).op('f64.abs').op('f64.mul');
  const withAdded = f.local('f64');
  f.get(p.added).if();
  greatest(p.m, p.n, p.added);
  f.get(p.beta).op('f64.abs').op('f64.mul').set(withAdded).end();
  f.get(withAdded).op('f64.add').f64Const(EXACT).op('f64.lt').if();
  f.return().end();
}

/** Sets high * 2^32 + low to the sum of the products of a row and a column. */
function sumOfProducts({ f, p, v, high, low, term }: Emitting): void {
  f.i32Const(0).op('i64.extend_i32_s').tee(high).set(low);
  f.get(p.a).set(v.x).get(v.b).set(v.y);
  f.get(p.k).set(v.p);
  f.countdown(v.p, 1, () => {
    integer(f, v.x);
    integer(f, v.y).op('i64.mul');
    f.set(term).get(high).get(term).i32Const(32).op('i64.extend_i32_s').op('i64.shr_s');
    f.op('i64.add').set(high);
    f.get(low).get(term).op('i32.wrap_i64').op('i64.extend_i32_u').op('i64.add').set(low);
    f.bump(v.x, { bytes: 8 });
    f.bump(v.y, { local: v.row });
  });
}

/** Brings the factors, and what is added to the product. */
function bringTerm({ f, p, alpha, beta, term }: Emitting): void {
  f.get(p.alpha).op('i64.trunc_sat_f64_s').set(alpha).get(p.beta).op('i64.trunc_sat_f64_s').set(beta);
  f.i32Const(0).op('i64.extend_i32_s').set(term);
  f.get(p.added).if();
  integer(f, p.added).set(term);
  f.bump(p.added, { bytes: 8 });
  f.end();
}

/** Sets `result` to what the result is if it fits, as integers of 64 bits wrap around, and `fits` to whether it is. */
function emitResult({ f, high, low, term, alpha, beta, result, fits }: Emitting): void {
  f.get(high).i32Const(32).op('i64.extend_i32_s').op('i64.shl').get(low).op('i64.add');
  f.get(alpha).op('i64.mul');
  f.get(term).get(beta).op('i64.mul').op('i64.add').tee(result);
  f.get(result).op('i32.wrap_i64').op('i64.extend_i32_s').op('i64.eq').set(fits);
  for (const prime of primes) {
    const modulo = (): FunctionBuilder => f.i32Const(prime).op('i64.extend_i32_u').op('i64.rem_s');
    f.get(high);
    modulo()
      .i32Const(2 ** 32 % prime)
      .op('i64.extend_i32_u')
      .op('i64.mul');
    f.get(low);
    modulo().op('i64.add');
    modulo().get(alpha);
    modulo().op('i64.mul').get(term).get(beta);
    modulo().op('i64.mul').op('i64.add').get(result).op('i64.sub');
    modulo().op('i64.eqz').get(fits).op('i32.and').set(fits);
  }
}

/** The kernel, compiled at first use. */
export const exactKernel = once((): ExactProduct => {
  const module = new ModuleBuilder();
  const largest = defineLargest(module);
  module.define({ export: 'exact' }, params, (f, p) => {
    const e = emitting(f, p);
    const { v, result, fits } = e;
    returnIfExact(e, largest);
    f.get(p.n).i32Const(8).op('i32.mul').set(v.row);
    f.get(p.m).set(v.i);
    f.countdown(v.i, 1, () => {
      f.get(p.b).set(v.b);
      f.get(p.n).set(v.j);
      f.countdown(v.j, 1, () => {
        sumOfProducts(e);
        bringTerm(e);
        emitResult(e);
        f.get(p.c).get(result).op('f64.convert_i64_s').f64Const(BEYOND).get(fits).op('select');
        f.store('f64.store');
        f.bump(p.c, { bytes: 8 });
        f.bump(v.b, { bytes: 8 });
      });
      f.get(v.x).set(p.a);
    });
  });
  return module.instantiate<{ exact: ExactProduct }>().exact;
});
