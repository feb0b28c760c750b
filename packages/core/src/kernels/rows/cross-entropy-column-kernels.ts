/** Cross-entropy where the classes are not the last dimension: as many positions at a time as a vector has lanes. */

import { inlineExpression } from '../compile/index.ts';
import { exp, input, log } from '../expression/index.ts';
import {
  bump,
  countdown,
  defineFunction,
  type FunctionBuilder,
  i32Params,
  locals,
  type ParametersOf,
} from '../wasm/index.ts';
import { addHalves, type RowConfig, rowKernels } from './row-emitter.ts';

/** Addresses in bytes, counts in elements; reads and writes whole vectors. */
export interface ColumnKernels {
  /**
   * `x` holds n rows of m positions, `pitch` bytes from one to the next; so do `grad` and `spread`, where they are not 0. For
   * each position, writes the maximum down its column to `maxima` and log(sum(exp(x - max))) to `logSums`; to `grad`
   * exp(x - max) / sum times the position's number in `masses`. With a `spread` q, writes sum(q (logSum - (x - max))) to
   * `losses`, adds unit * sum(q) to the mass, and subtracts unit * q from `grad`.
   */
  columns(
    m: number,
    n: number,
    pitch: number,
    x: number,
    grad: number,
    spread: number,
    masses: number,
    maxima: number,
    logSums: number,
    losses: number,
    unit: number,
  ): void;
}

const params = {
  ...i32Params('m', 'n', 'pitch', 'x', 'grad', 'spread', 'masses', 'maxima', 'logSums', 'losses'),
  unit: 'f64',
} as const;

/** The loops over one vector of positions. */
function emit(f: FunctionBuilder, t: RowConfig, p: ParametersOf<typeof params>): void {
  const { max, value, low, high } = locals(f, 'v128', 'max', 'value', 'low', 'high');
  const { unit, mass, logSum, sum } = locals(f, 'v128', 'unit', 'mass', 'logSum', 'sum');
  /** Where the rows of x, of the gradient and of the spread are read at. */
  const { from, to, share, left } = locals(f, 'i32', 'from', 'to', 'share', 'left');
  const callee = (name: string): number => (name === 'log' ? t.log : t.exp);

  /** Runs `body` for each row, with the pointers at this vector of positions. */
  const down = (body: () => void): void => {
    f.get(p.x).set(from).get(p.grad).set(to).get(p.spread).set(share).get(p.n).set(left);
    countdown(f, left, 1, () => {
      body();
      for (const pointer of [from, to, share]) bump(f, pointer, { local: p.pitch });
    });
  };

  /** Puts the sum of what `body` leaves in `value`, over all rows, into `sum`; it is carried in float64. */
  const total = (body: () => void): void => {
    f.f64Splat(0).set(low).f64Splat(0).set(high);
    down(() => {
      body();
      addHalves(f, t, value, low, high);
    });
    f.get(low);
    if (t.lanes === 4) {
      f.op('f32x4.demote_f64x2_zero').get(high).op('f32x4.demote_f64x2_zero').shuffle64(0, 2);
    }
    f.set(sum);
  };

  const exponentials = (stored: boolean): void => {
    total(() => {
      f.get(from).load('v128.load').get(max).op(`${t.vector}.sub`).set(value);
      inlineExpression(f, t.lane, exp(input(0)), [value], callee);
      f.set(value);
      if (stored) f.get(to).get(value).store('v128.store');
    });
  };

  const spreadLoss = (): void => {
    total(() => {
      f.get(logSum).get(from).load('v128.load').get(max).op(`${t.vector}.sub`).op(`${t.vector}.sub`);
      f.get(share).load('v128.load').op(`${t.vector}.mul`).set(value);
    });
    f.get(p.losses).get(sum).store('v128.store');
    total(() => f.get(share).load('v128.load').set(value));
    f.get(mass).get(sum).get(unit).op(`${t.vector}.mul`).op(`${t.vector}.add`).set(mass);
  };

  const gradient = (): void => {
    f.get(mass).get(sum).op(`${t.vector}.div`).set(value);
    down(() => {
      f.get(to).get(to).load('v128.load').get(value).op(`${t.vector}.mul`).store('v128.store');
    });
    f.get(p.spread).if();
    down(() => {
      f.get(to).get(to).load('v128.load').get(share).load('v128.load').get(unit).op(`${t.vector}.mul`);
      f.op(`${t.vector}.sub`).store('v128.store');
    });
    f.end();
  };

  const round = t.lanes - 1;
  f.get(p.m).i32Const(round).op('i32.add').set(p.m);
  f.get(p.unit).splatF64(t.lane).set(unit);
  countdown(f, p.m, t.lanes, () => {
    f.splat(t.lane, Number.NEGATIVE_INFINITY).set(max);
    // A NaN is passed over: it makes the sum NaN in any case.
    down(() => f.get(max).get(from).load('v128.load').op(`${t.vector}.pmax`).set(max));
    f.get(p.maxima).get(max).store('v128.store');
    f.get(p.grad).if();
    exponentials(true);
    f.else();
    exponentials(false);
    f.end();
    inlineExpression(f, t.lane, log(input(0)), [sum], callee);
    f.set(logSum).get(p.logSums).get(logSum).store('v128.store');
    f.get(p.masses).load('v128.load').set(mass);
    f.get(p.spread).if();
    // The sum of the exponentials is still needed.
    const kept = f.local('v128');
    f.get(sum).set(kept);
    spreadLoss();
    f.get(kept).set(sum);
    f.end();
    f.get(p.grad).if();
    gradient();
    bump(f, p.grad, { bytes: 16 });
    f.end();
    f.get(p.spread).if();
    bump(f, p.spread, { bytes: 16 });
    f.end();
    for (const pointer of [p.x, p.masses, p.maxima, p.logSums, p.losses]) bump(f, pointer, { bytes: 16 });
  });
}

/** The kernels of cross-entropy down columns for a lane. */
export const columnKernels = rowKernels<ColumnKernels>((module, t) => {
  defineFunction(module, { export: 'columns' }, params, (f, p) => emit(f, t, p));
});
