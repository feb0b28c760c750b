/** Rows by integers that stand for their elements, at addresses: the keys by which rows are sorted and searched. */
import { bytesOf, type DType } from '../../../dtype.ts';
import { type FunctionBuilder, i32Params, type ModuleBuilder } from '../../wasm/index.ts';

/** local += another. */
export const add = (f: FunctionBuilder, local: number, other: number): FunctionBuilder =>
  f.bump(local, { local: other });
/** local += a constant. */
export const step = (f: FunctionBuilder, local: number, by = 1): FunctionBuilder =>
  f.bump(local, { bytes: by });
/** Runs `body` so many times, counting in `left`. */
export const each = (f: FunctionBuilder, count: number, left: number, body: () => void): void => {
  f.get(count).set(left);
  f.countdown(left, 1, body);
};
/** Pushes a 64-bit integer. */
export const long = (f: FunctionBuilder, value: number): FunctionBuilder =>
  f.i32Const(value).op('i64.extend_i32_s');
/** Pushes the address of key number `at`. */
export const keyAt = (f: FunctionBuilder, base: number, at: number): FunctionBuilder =>
  f.pushPlace(base, at, 'float64');

/** Sets a local to the integer on the stack, all ones or 0, cut to as many bits as the keys of a dtype have. */
export const keepKeyBits = (f: FunctionBuilder, dtype: DType, local: number): void => {
  long(f, 64 - 8 * bytesOf(dtype))
    .op('i64.shr_u')
    .set(local);
};

/** Copies the element at the address on the stack to the one below. */
export function copyElement(f: FunctionBuilder, dtype: DType): void {
  const bytes = bytesOf(dtype);
  if (bytes === 8) f.load('i64.load').store('i64.store');
  else if (bytes === 4) f.load('i32.load').store('i32.store');
  else f.load('i32.load8_u').store('i32.store8');
}

/** Runs `body` for each row, with the number of its first element in `start` and its own in `row`. */
export function eachRow(
  f: FunctionBuilder,
  p: { readonly outer: number; readonly n: number; readonly inner: number },
  { start, row }: { readonly start: number; readonly row: number },
  body: () => void,
): void {
  const column = f.local('i32');
  f.countdown(p.outer, 1, () => {
    each(f, p.inner, column, () => {
      body();
      step(f, start);
      step(f, row);
    });
    f.get(p.n).i32Const(1).op('i32.sub').get(p.inner).op('i32.mul').get(start).op('i32.add').set(start);
  });
}

/** Runs `body` for element number `i` of the row, which is number `at` of all. */
export function eachElement(
  f: FunctionBuilder,
  p: Locals<'n' | 'inner'>,
  v: Locals<'start' | 'at' | 'i' | 'left'>,
  body: () => void,
): void {
  f.get(v.start).set(v.at).i32Const(0).set(v.i);
  each(f, p.n, v.left, () => {
    body();
    add(f, v.at, p.inner);
    step(f, v.i);
  });
}

/**
 * The key of an element: an unsigned integer in the order of the elements, in which 0 and -0 are equal and NaN is the
 * greatest.
 */
export const defineKey = (module: ModuleBuilder, dtype: DType): number =>
  module.define({ name: 'keyOf', result: 'i64' }, i32Params('address'), (f, p) => {
    if (bytesOf(dtype) === 1) {
      f.get(p.address).load('i64.load8_u');
    } else if (dtype === 'int32') {
      f.get(p.address).load('i32.load').i32Const(-0x80000000).op('i32.xor').op('i64.extend_i32_u');
    } else if (dtype === 'float32') {
      const x = f.local('f32');
      const bits = f.local('i32');
      f.i32Const(0x7fffffff).get(p.address).load('f32.load').f32Const(0).op('f32.add').tee(x);
      f.op('i32.reinterpret_f32').get(x).get(x).op('f32.ne').op('select').tee(bits);
      f.get(bits).i32Const(31).op('i32.shr_s').i32Const(1).op('i32.shr_u').op('i32.xor');
      f.i32Const(-0x80000000).op('i32.xor').op('i64.extend_i32_u');
    } else {
      const x = f.local('f64');
      const bits = f.local('i64');
      long(f, -1).i32Const(1).op('i64.extend_i32_s').op('i64.shr_u');
      f.get(p.address).load('f64.load').f64Const(0).op('f64.add').tee(x).op('i64.reinterpret_f64');
      f.get(x).get(x).op('f64.ne').op('select').tee(bits);
      f.get(bits);
      long(f, 63).op('i64.shr_s');
      long(f, 1).op('i64.shr_u').op('i64.xor');
      long(f, 1);
      long(f, 63).op('i64.shl').op('i64.xor');
    }
  });

/** Parameters or locals by name. */
export type Locals<N extends string> = Readonly<Record<N, number>>;

/** Writes what happens to one row. */
export abstract class RowWriter<P, V> {
  /** The function that it stands in, with its parameters and its locals. */
  protected readonly at: { readonly f: FunctionBuilder; readonly p: P; readonly v: V };

  constructor(at: { readonly f: FunctionBuilder; readonly p: P; readonly v: V }) {
    this.at = at;
  }
}
