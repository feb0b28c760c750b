/** The WebAssembly kernel of cross-entropy: loss and gradient of logits in one pass, with one exponential each. */

import {
  bump,
  countdown,
  defineFunction,
  type FunctionBuilder,
  instantiate,
  ModuleBuilder,
} from '../wasm/index.ts';
import { type RowConfig, RowEmitter, rowConfig } from './row-emitter.ts';

/** Addresses in bytes, counts in elements; reads and writes up to 16 bytes past the ends. */
export interface CrossEntropyKernels {
  /**
   * The target distribution q of a row is `scales` (float64, one a row) at the class in `targets` (int32, one a row), plus,
   * where `spread` is not 0, the row of numbers there; `spreadStep` bytes lead to the next row's. A negative target marks a
   * row that counts for nothing.
   *
   * Writes each row's loss, sum(q (log(sum(exp(x - max))) - (x - max))), to `losses` (float64) and returns their sum.
   * Where `grad` is not 0, writes there the gradient by x: unit * (sum(q) * softmax(x) - q).
   */
  crossEntropy(
    rows: number,
    n: number,
    x: number,
    targets: number,
    scales: number,
    spread: number,
    spreadStep: number,
    losses: number,
    grad: number,
    unit: number,
  ): number;
}

const params = {
  rows: 'i32',
  n: 'i32',
  x: 'i32',
  targets: 'i32',
  scales: 'i32',
  spread: 'i32',
  spreadStep: 'i32',
  losses: 'i32',
  grad: 'i32',
  unit: 'f64',
} as const;

type Params = { readonly [K in keyof typeof params]: number };

class CrossEntropyEmitter {
  private readonly f: FunctionBuilder;
  private readonly t: RowConfig;
  private readonly p: Params;
  private readonly row: RowEmitter;
  private readonly max: number;
  private readonly splat: number;
  private readonly logSum: number;
  private readonly exponentials: number;
  private readonly scale: number;
  private readonly mass: number;
  private readonly loss: number;
  private readonly target: number;

  constructor(f: FunctionBuilder, t: RowConfig, p: Params) {
    this.f = f;
    this.t = t;
    this.p = p;
    this.row = new RowEmitter(f, t, p.n);
    this.max = f.local('v128');
    this.splat = f.local('v128');
    this.logSum = f.local('f64');
    this.exponentials = f.local('f64');
    this.scale = f.local('f64');
    this.mass = f.local('f64');
    this.loss = f.local('f64');
    this.target = f.local('i32');
  }

  emit(): void {
    const { f, p, row, max, loss, target } = this;
    const total = f.local('f64');
    countdown(f, p.rows, 1, () => {
      f.f64Const(0).set(loss);
      f.get(p.targets).load('i32.load').tee(target).i32Const(0).op('i32.lt_s').if();
      f.get(p.grad).if();
      f.get(p.grad).i32Const(0).get(p.n).i32Const(this.t.bytes).op('i32.mul').memoryFill();
      f.end();
      f.else();
      row.maximum(p.x, max);
      f.get(p.grad).if();
      row.sumOfExponentials(p.x, max, p.grad);
      f.else();
      row.sumOfExponentials(p.x, max);
      f.end();
      f.get(row.sum).set(this.exponentials);
      row.pushLogOfSum();
      f.set(this.logSum);
      f.get(p.scales).load('f64.load').tee(this.scale).set(this.mass);
      this.lossOfClass();
      f.get(p.spread).if();
      this.lossOfSpread();
      f.end();
      f.get(p.grad).if();
      this.gradient();
      f.end();
      f.end();
      f.get(p.losses).get(loss).store('f64.store');
      f.get(total).get(loss).op('f64.add').set(total);
      row.nextRow([p.x]);
      f.get(p.grad).if();
      row.nextRow([p.grad]);
      f.end();
      bump(f, p.targets, { bytes: 4 });
      bump(f, p.scales, { bytes: 8 });
      bump(f, p.losses, { bytes: 8 });
      bump(f, p.spread, { local: p.spreadStep });
    });
    f.get(total);
  }

  /** Pushes the address of the target's element in the row at `pointer`. */
  private atTarget(pointer: number): FunctionBuilder {
    return this.f.get(pointer).get(this.target).i32Const(this.t.bytes).op('i32.mul').op('i32.add');
  }

  /** Pops a number of the lane, pushes it as float64. */
  private widen(): FunctionBuilder {
    return this.t.lanes === 4 ? this.f.op('f64.promote_f32') : this.f;
  }

  /** A scale of 0 leaves the class out, be its logit -Infinity. */
  private lossOfClass(): void {
    const { f, t, p, scale } = this;
    f.get(scale).f64Const(0).op('f64.ne').if();
    f.get(scale).get(this.logSum);
    this.atTarget(p.x).load(t.lanes === 4 ? 'f32.load' : 'f64.load');
    this.widen();
    f.get(this.max).lane(`${t.vector}.extract_lane`, 0);
    this.widen().op('f64.sub').op('f64.sub').op('f64.mul').set(this.loss);
    f.end();
  }

  private lossOfSpread(): void {
    const { f, t, p, row } = this;
    f.get(this.logSum);
    row.splat();
    f.set(this.splat);
    row.startSum();
    row.eachVector([p.x, p.spread], ({ partial }) => {
      f.get(this.splat).get(p.x).load('v128.load').get(this.max).op(`${t.vector}.sub`).op(`${t.vector}.sub`);
      f.get(p.spread).load('v128.load').op(`${t.vector}.mul`).set(row.x);
      row.addToSum(row.x, partial);
    });
    row.finishSum();
    f.get(this.loss).get(row.sum).op('f64.add').set(this.loss);
    row.startSum();
    row.eachVector([p.spread], ({ partial }) => {
      f.get(p.spread).load('v128.load').set(row.x);
      row.addToSum(row.x, partial);
    });
    row.finishSum();
    f.get(this.mass).get(row.sum).op('f64.add').set(this.mass);
  }

  private gradient(): void {
    const { f, t, p, row, splat } = this;
    const narrow = (): void => {
      if (t.lanes === 4) f.op('f32.demote_f64');
    };
    f.get(this.mass).get(p.unit).op('f64.mul').get(this.exponentials).op('f64.div');
    row.splat();
    f.set(splat);
    row.eachVector(
      [p.grad],
      ({ offset }) => {
        f.get(p.grad).get(p.grad).load('v128.load', offset).get(splat).op(`${t.vector}.mul`);
        f.store('v128.store', offset);
      },
      { unroll: 4 },
    );
    f.get(p.spread).if();
    f.get(p.unit);
    row.splat();
    f.set(splat);
    row.eachVector([p.grad, p.spread], () => {
      f.get(p.grad).get(p.grad).load('v128.load').get(p.spread).load('v128.load').get(splat);
      f.op(`${t.vector}.mul`).op(`${t.vector}.sub`).store('v128.store');
    });
    f.end();
    this.atTarget(p.grad);
    this.atTarget(p.grad).load(t.lanes === 4 ? 'f32.load' : 'f64.load');
    f.get(this.scale).get(p.unit).op('f64.mul');
    narrow();
    f.op(t.lanes === 4 ? 'f32.sub' : 'f64.sub').store(t.lanes === 4 ? 'f32.store' : 'f64.store');
  }
}

const instances = new Map<'f32' | 'f64', CrossEntropyKernels>();

/** The kernels for a lane type, compiled at first use. */
export function crossEntropyKernels(lane: 'f32' | 'f64'): CrossEntropyKernels {
  let kernels = instances.get(lane);
  if (kernels === undefined) {
    const module = new ModuleBuilder();
    module.importMemory();
    const log = module.importFunction('env', 'log', ['f64'], ['f64']);
    const exp = module.importFunction('env', 'exp', ['f64'], ['f64']);
    const config = rowConfig(lane, log, exp);
    defineFunction(module, { export: 'crossEntropy', result: 'f64' }, params, (f, p) =>
      new CrossEntropyEmitter(f, config, p).emit(),
    );
    kernels = instantiate<CrossEntropyKernels>(module.build(), { log: Math.log, exp: Math.exp });
    instances.set(lane, kernels);
  }
  return kernels;
}
