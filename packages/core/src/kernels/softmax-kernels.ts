/** The WebAssembly kernels of softmax and its kin, on contiguous rows in the scratch memory. */

import type { FunctionBuilder } from './assembler.ts';
import { ModuleBuilder } from './assembler.ts';
import { bump, countdown, defineFunction, i32Params } from './emit.ts';
import { exp, input } from './expression.ts';
import { inlineExpression } from './inline.ts';
import { instantiate } from './memory.ts';

/**
 * Addresses in bytes, counts in elements; no two areas may overlap. Reads and writes up to 16 bytes past the ends.
 * Sums are carried in float64.
 */
export interface SoftmaxKernels {
  /** out = exp(x - max) / sum; with `scaled` (1), times one float64 a row at `scales`. */
  softmax(rows: number, n: number, x: number, out: number, scales: number, scaled: number): void;
  /** out = x - max - log(sum(exp(x - max))). */
  logSoftmax(rows: number, n: number, x: number, out: number): void;
  /**
   * Two float64 numbers a row: max, and log(sum(exp(x - max))). With `finite` (1), 0 takes the place of an infinite
   * maximum.
   */
  statistics(rows: number, n: number, x: number, out: number, finite: number): void;
  /** out = y * (g - sum(g * y)). */
  softmaxBackward(rows: number, n: number, y: number, g: number, out: number): void;
  /** out = g - exp(y) * sum(g). */
  logSoftmaxBackward(rows: number, n: number, y: number, g: number, out: number): void;
}

/** The lane type that kernels on rows are emitted for, and the functions that they import. */
export interface RowConfig {
  readonly lane: 'f32' | 'f64';
  readonly vector: 'f32x4' | 'f64x2';
  readonly lanes: 4 | 2;
  readonly bytes: 4 | 8;
  readonly log: number;
  readonly exp: number;
}

/** The loops over one row, its last and partial vector included. */
export class RowEmitter {
  readonly f: FunctionBuilder;
  readonly t: RowConfig;
  readonly x: number;
  readonly sum: number;
  private readonly n: number;
  private readonly mask: number;
  private readonly left: number;
  private readonly low: number;
  private readonly high: number;

  constructor(f: FunctionBuilder, t: RowConfig, n: number) {
    this.f = f;
    this.t = t;
    this.n = n;
    this.mask = f.local('v128');
    this.left = f.local('i32');
    this.x = f.local('v128');
    this.low = f.local('v128');
    this.high = f.local('v128');
    this.sum = f.local('f64');
    // The lanes of the last vector that belong to the row: those whose number is below n modulo the lanes.
    f.get(n)
      .i32Const(t.lanes - 1)
      .op('i32.and');
    if (t.lanes === 4) {
      f.op('i32x4.splat').set(this.mask);
      f.v128Const(new Uint8Array(Int32Array.of(0, 1, 2, 3).buffer))
        .get(this.mask)
        .op('i32x4.lt_s');
    } else {
      f.op('i64.extend_i32_s').op('i64x2.splat').set(this.mask);
      f.v128Const(new Uint8Array(BigInt64Array.of(0n, 1n).buffer))
        .get(this.mask)
        .op('i64x2.lt_s');
    }
    f.set(this.mask);
  }

  /** Runs `body` for each vector of a row, moving `pointers` along and back; `partial` says it is the last, cut one. */
  eachVector(pointers: readonly number[], body: (partial: boolean) => void): void {
    const { f, t, left, n } = this;
    f.get(n).set(left);
    countdown(f, left, t.lanes, () => {
      body(false);
      for (const pointer of pointers) bump(f, pointer, { bytes: 16 });
    });
    f.get(left).if();
    body(true);
    f.end();
    f.get(n).i32Const(-t.lanes).op('i32.and').i32Const(t.bytes).op('i32.mul').set(left);
    for (const pointer of pointers) f.get(pointer).get(left).op('i32.sub').set(pointer);
  }

  nextRow(pointers: readonly number[]): void {
    const { f, t, n } = this;
    for (const pointer of pointers)
      f.get(pointer).get(n).i32Const(t.bytes).op('i32.mul').op('i32.add').set(pointer);
  }

  /** Leaves the row's maximum in every lane of `max`. A NaN is passed over: it makes the row's sum NaN in any case. */
  maximum(pointer: number, max: number): void {
    const { f, t, mask } = this;
    this.pushSplat(Number.NEGATIVE_INFINITY);
    f.set(max);
    this.eachVector([pointer], (partial) => {
      f.get(max).get(pointer).load('v128.load');
      if (partial) {
        this.pushSplat(Number.NEGATIVE_INFINITY);
        f.get(mask).op('v128.bitselect');
      }
      f.op(`${t.vector}.pmax`).set(max);
    });
    f.get(max).get(max).get(max).shuffle64(1, 0).op(`${t.vector}.pmax`).set(max);
    if (t.lanes === 4) f.get(max).get(max).get(max).shuffle32(1, 0, 3, 2).op('f32x4.pmax').set(max);
  }

  startSum(): void {
    this.f.f64Splat(0).set(this.low).f64Splat(0).set(this.high);
  }

  /** Adds the vector in the local `value` to the running sum. */
  addToSum(value: number, partial: boolean): void {
    const { f, t, mask, low, high } = this;
    if (partial) f.get(value).get(mask).op('v128.and').set(value);
    if (t.lanes === 2) {
      f.get(low).get(value).op('f64x2.add').set(low);
      return;
    }
    f.get(low).get(value).op('f64x2.promote_low_f32x4').op('f64x2.add').set(low);
    f.get(high).get(value).get(value).shuffle64(1, 1).op('f64x2.promote_low_f32x4').op('f64x2.add').set(high);
  }

  /** Puts the total into `this.sum`. */
  finishSum(): void {
    const { f, low, high, sum } = this;
    f.get(low).get(high).op('f64x2.add').set(low);
    f.get(low).lane('f64x2.extract_lane', 0).get(low).lane('f64x2.extract_lane', 1).op('f64.add').set(sum);
  }

  /** Pops a float64, pushes it in every lane. */
  splat(): void {
    if (this.t.lanes === 4) this.f.op('f32.demote_f64').op('f32x4.splat');
    else this.f.op('f64x2.splat');
  }

  /** Pushes the exponential of the vector in the local `x`. */
  exponential(x: number): void {
    inlineExpression(this.f, this.t.lane, exp(input(0)), [x], () => this.t.exp);
  }

  /** Adds up exp(x - max) over the row, storing each where `out` is given. */
  sumOfExponentials(x: number, max: number, out?: number): void {
    const { f, t } = this;
    this.startSum();
    this.eachVector(out === undefined ? [x] : [x, out], (partial) => {
      f.get(x).load('v128.load').get(max).op(`${t.vector}.sub`).set(this.x);
      this.exponential(this.x);
      f.set(this.x);
      if (out !== undefined) f.get(out).get(this.x).store('v128.store');
      this.addToSum(this.x, partial);
    });
    this.finishSum();
  }

  private pushSplat(value: number): void {
    if (this.t.lanes === 4) this.f.f32Splat(value);
    else this.f.f64Splat(value);
  }
}

function emitForward(module: ModuleBuilder, t: RowConfig): void {
  const op = (name: 'add' | 'sub' | 'mul' | 'div') => `${t.vector}.${name}` as const;

  const softmax = i32Params('rows', 'n', 'x', 'out', 'scales', 'scaled');
  defineFunction(module, { export: 'softmax' }, softmax, (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    const max = f.local('v128');
    const factor = f.local('v128');
    const rescale = (operation: 'mul' | 'div'): void => {
      row.splat();
      f.set(factor);
      row.eachVector([p.out], () => {
        f.get(p.out).get(p.out).load('v128.load').get(factor).op(op(operation)).store('v128.store');
      });
    };
    countdown(f, p.rows, 1, () => {
      row.maximum(p.x, max);
      row.sumOfExponentials(p.x, max, p.out);
      f.get(p.scaled).if();
      f.get(p.scales).load('f64.load').get(row.sum).op('f64.div');
      rescale('mul');
      bump(f, p.scales, { bytes: 8 });
      f.else();
      f.get(row.sum);
      rescale('div');
      f.end();
      row.nextRow([p.x, p.out]);
    });
  });

  defineFunction(module, { export: 'logSoftmax' }, i32Params('rows', 'n', 'x', 'out'), (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    const max = f.local('v128');
    const logSum = f.local('v128');
    countdown(f, p.rows, 1, () => {
      row.maximum(p.x, max);
      row.sumOfExponentials(p.x, max);
      f.get(row.sum).call(t.log);
      row.splat();
      f.set(logSum);
      row.eachVector([p.x, p.out], () => {
        f.get(p.out).get(p.x).load('v128.load').get(max).op(op('sub')).get(logSum).op(op('sub'));
        f.store('v128.store');
      });
      row.nextRow([p.x, p.out]);
    });
  });

  const statistics = i32Params('rows', 'n', 'x', 'out', 'finite');
  defineFunction(module, { export: 'statistics' }, statistics, (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    const max = f.local('v128');
    countdown(f, p.rows, 1, () => {
      row.maximum(p.x, max);
      f.get(p.finite).if();
      // An infinity minus itself is NaN, which does not equal 0; nor is a NaN minus itself.
      f.get(max).get(max).get(max).op(op('sub')).get(max).get(max).op(op('sub')).op(`${t.vector}.eq`);
      f.op('v128.and').set(max);
      f.end();
      row.sumOfExponentials(p.x, max);
      f.get(p.out).get(max).lane(`${t.vector}.extract_lane`, 0);
      if (t.lanes === 4) f.op('f64.promote_f32');
      f.store('f64.store').get(p.out).get(row.sum).call(t.log).store('f64.store', 8);
      bump(f, p.out, { bytes: 16 });
      row.nextRow([p.x]);
    });
  });
}

function emitBackward(module: ModuleBuilder, t: RowConfig): void {
  const params = i32Params('rows', 'n', 'y', 'g', 'out');
  const op = (name: 'add' | 'sub' | 'mul') => `${t.vector}.${name}` as const;

  defineFunction(module, { export: 'softmaxBackward' }, params, (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    const total = f.local('v128');
    countdown(f, p.rows, 1, () => {
      row.startSum();
      row.eachVector([p.y, p.g], (partial) => {
        f.get(p.y).load('v128.load').get(p.g).load('v128.load').op(op('mul')).set(row.x);
        row.addToSum(row.x, partial);
      });
      row.finishSum();
      f.get(row.sum);
      row.splat();
      f.set(total);
      row.eachVector([p.y, p.g, p.out], () => {
        f.get(p.out)
          .get(p.y)
          .load('v128.load')
          .get(p.g)
          .load('v128.load')
          .get(total)
          .op(op('sub'))
          .op(op('mul'));
        f.store('v128.store');
      });
      row.nextRow([p.y, p.g, p.out]);
    });
  });

  defineFunction(module, { export: 'logSoftmaxBackward' }, params, (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    const total = f.local('v128');
    countdown(f, p.rows, 1, () => {
      row.startSum();
      row.eachVector([p.g], (partial) => {
        f.get(p.g).load('v128.load').set(row.x);
        row.addToSum(row.x, partial);
      });
      row.finishSum();
      f.get(row.sum);
      row.splat();
      f.set(total);
      row.eachVector([p.y, p.g, p.out], () => {
        f.get(p.y).load('v128.load').set(row.x);
        row.exponential(row.x);
        f.set(row.x);
        f.get(p.out).get(p.g).load('v128.load').get(row.x).get(total).op(op('mul')).op(op('sub'));
        f.store('v128.store');
      });
      row.nextRow([p.y, p.g, p.out]);
    });
  });
}

/** `log` and `exp` are the indices of the imported functions. */
export function rowConfig(lane: 'f32' | 'f64', log: number, exp: number): RowConfig {
  return lane === 'f32'
    ? { lane, vector: 'f32x4', lanes: 4, bytes: 4, log, exp }
    : { lane, vector: 'f64x2', lanes: 2, bytes: 8, log, exp };
}

const instances = new Map<'f32' | 'f64', SoftmaxKernels>();

/** The kernels for a lane type, compiled at first use. */
export function softmaxKernels(lane: 'f32' | 'f64'): SoftmaxKernels {
  let kernels = instances.get(lane);
  if (kernels === undefined) {
    const module = new ModuleBuilder();
    module.importMemory();
    const log = module.importFunction('env', 'log', ['f64'], ['f64']);
    const exponential = module.importFunction('env', 'exp', ['f64'], ['f64']);
    const config = rowConfig(lane, log, exponential);
    emitForward(module, config);
    emitBackward(module, config);
    kernels = instantiate<SoftmaxKernels>(module.build(), { log: Math.log, exp: Math.exp });
    instances.set(lane, kernels);
  }
  return kernels;
}
