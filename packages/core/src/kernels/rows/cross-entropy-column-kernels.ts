/** Cross-entropy where the classes are not the last dimension: as many positions at a time as a vector has lanes. */

import { inlineExpression } from '../compile/index.ts';
import { exp, input, log } from '../expression/index.ts';
import {
  bump,
  countdown,
  defineFunction,
  type FunctionBuilder,
  i32Params,
  instantiate,
  ModuleBuilder,
} from '../wasm/index.ts';
import { type RowConfig, rowConfig } from './row-emitter.ts';

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

const names = {
  ...i32Params('m', 'n', 'pitch', 'x', 'grad', 'spread', 'masses', 'maxima', 'logSums', 'losses'),
  unit: 'f64',
} as const;
type Params = { readonly [K in keyof typeof names]: number };

/** The loops over one vector of positions. */
class ColumnEmitter {
  private readonly f: FunctionBuilder;
  private readonly t: RowConfig;
  private readonly p: Params;
  private readonly max: number;
  private readonly value: number;
  private readonly low: number;
  private readonly high: number;
  private readonly unit: number;
  private readonly mass: number;
  private readonly logSum: number;
  private readonly sum: number;
  /** Where the rows of x, of the gradient and of the spread are read at. */
  private readonly from: number;
  private readonly to: number;
  private readonly share: number;
  private readonly left: number;

  constructor(f: FunctionBuilder, t: RowConfig, p: Params) {
    this.f = f;
    this.t = t;
    this.p = p;
    this.max = f.local('v128');
    this.value = f.local('v128');
    this.low = f.local('v128');
    this.high = f.local('v128');
    this.unit = f.local('v128');
    this.mass = f.local('v128');
    this.logSum = f.local('v128');
    this.sum = f.local('v128');
    this.from = f.local('i32');
    this.to = f.local('i32');
    this.share = f.local('i32');
    this.left = f.local('i32');
  }

  emit(): void {
    const { f, t, p, max, from, unit, sum, mass } = this;
    const round = t.lanes - 1;
    f.get(p.m).i32Const(round).op('i32.add').set(p.m);
    f.get(p.unit);
    if (t.lanes === 4) f.op('f32.demote_f64').op('f32x4.splat').set(unit);
    else f.op('f64x2.splat').set(unit);
    countdown(f, p.m, t.lanes, () => {
      if (t.lanes === 4) f.f32Splat(Number.NEGATIVE_INFINITY);
      else f.f64Splat(Number.NEGATIVE_INFINITY);
      f.set(max);
      // A NaN is passed over: it makes the sum NaN in any case.
      this.down(() => f.get(max).get(from).load('v128.load').op(`${t.vector}.pmax`).set(max));
      f.get(p.maxima).get(max).store('v128.store');
      f.get(p.grad).if();
      this.exponentials(true);
      f.else();
      this.exponentials(false);
      f.end();
      inlineExpression(f, t.lane, log(input(0)), [sum], this.callee);
      f.set(this.logSum).get(p.logSums).get(this.logSum).store('v128.store');
      f.get(p.masses).load('v128.load').set(mass);
      f.get(p.spread).if();
      // The sum of the exponentials is still needed.
      const exponentials = f.local('v128');
      f.get(sum).set(exponentials);
      this.spreadLoss();
      f.get(exponentials).set(sum);
      f.end();
      f.get(p.grad).if();
      this.gradient();
      bump(f, p.grad, { bytes: 16 });
      f.end();
      f.get(p.spread).if();
      bump(f, p.spread, { bytes: 16 });
      f.end();
      for (const pointer of [p.x, p.masses, p.maxima, p.logSums, p.losses]) bump(f, pointer, { bytes: 16 });
    });
  }

  private readonly callee = (name: string): number => (name === 'log' ? this.t.log : this.t.exp);

  /** Runs `body` for each row, with the pointers at this vector of positions. */
  private down(body: () => void): void {
    const { f, p, from, to, share, left } = this;
    f.get(p.x).set(from).get(p.grad).set(to).get(p.spread).set(share).get(p.n).set(left);
    countdown(f, left, 1, () => {
      body();
      for (const pointer of [from, to, share]) bump(f, pointer, { local: p.pitch });
    });
  }

  /** Puts the sum of what `body` leaves in `this.value`, over all rows, into `this.sum`; it is carried in float64. */
  private total(body: () => void): void {
    const { f, t, value, low, high, sum } = this;
    f.f64Splat(0).set(low).f64Splat(0).set(high);
    this.down(() => {
      body();
      if (t.lanes === 2) {
        f.get(low).get(value).op('f64x2.add').set(low);
        return;
      }
      f.get(low).get(value).op('f64x2.promote_low_f32x4').op('f64x2.add').set(low);
      f.get(high)
        .get(value)
        .get(value)
        .shuffle64(1, 1)
        .op('f64x2.promote_low_f32x4')
        .op('f64x2.add')
        .set(high);
    });
    f.get(low);
    if (t.lanes === 4) {
      f.op('f32x4.demote_f64x2_zero').get(high).op('f32x4.demote_f64x2_zero').shuffle64(0, 2);
    }
    f.set(sum);
  }

  private exponentials(stored: boolean): void {
    const { f, t, from, to, max, value } = this;
    this.total(() => {
      f.get(from).load('v128.load').get(max).op(`${t.vector}.sub`).set(value);
      inlineExpression(f, t.lane, exp(input(0)), [value], this.callee);
      f.set(value);
      if (stored) f.get(to).get(value).store('v128.store');
    });
  }

  private spreadLoss(): void {
    const { f, t, p, from, share, max, value, sum, logSum, unit, mass } = this;
    this.total(() => {
      f.get(logSum).get(from).load('v128.load').get(max).op(`${t.vector}.sub`).op(`${t.vector}.sub`);
      f.get(share).load('v128.load').op(`${t.vector}.mul`).set(value);
    });
    f.get(p.losses).get(sum).store('v128.store');
    this.total(() => f.get(share).load('v128.load').set(value));
    f.get(mass).get(sum).get(unit).op(`${t.vector}.mul`).op(`${t.vector}.add`).set(mass);
  }

  private gradient(): void {
    const { f, t, p, to, share, value, sum, unit, mass } = this;
    f.get(mass).get(sum).op(`${t.vector}.div`).set(value);
    this.down(() => {
      f.get(to).get(to).load('v128.load').get(value).op(`${t.vector}.mul`).store('v128.store');
    });
    f.get(p.spread).if();
    this.down(() => {
      f.get(to).get(to).load('v128.load').get(share).load('v128.load').get(unit).op(`${t.vector}.mul`);
      f.op(`${t.vector}.sub`).store('v128.store');
    });
    f.end();
  }
}

const instances = new Map<'f32' | 'f64', ColumnKernels>();

/** The kernels for a lane type, compiled at first use. */
export function columnKernels(lane: 'f32' | 'f64'): ColumnKernels {
  let kernels = instances.get(lane);
  if (kernels === undefined) {
    const module = new ModuleBuilder();
    module.importMemory();
    const logAt = module.importFunction('env', 'log', ['f64'], ['f64']);
    const expAt = module.importFunction('env', 'exp', ['f64'], ['f64']);
    const config = rowConfig(lane, logAt, expAt);
    defineFunction(module, { export: 'columns' }, names, (f, p) => new ColumnEmitter(f, config, p).emit());
    kernels = instantiate<ColumnKernels>(module.build(), { log: Math.log, exp: Math.exp });
    instances.set(lane, kernels);
  }
  return kernels;
}
