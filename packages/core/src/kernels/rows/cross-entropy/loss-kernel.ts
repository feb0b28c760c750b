/**
 * The WebAssembly kernel of a whole cross-entropy: targets are looked up and checked, rows summed up, and the loss
 * stored.
 */

import { type FunctionBuilder, i32Params, type ModuleBuilder, type ParametersOf } from '../../wasm/index.ts';
import { IGNORED, NO_CLASS } from '../cross-entropy-target.ts';
import type { RowConfig } from '../row-emitter.ts';

/** What becomes of the losses of rows: each stays, their sum, or their mean. */
export const reductions = { none: 0, sum: 1, mean: 2 } as const;

/**
 * Addresses in bytes, counts in elements. The class of each row stands at `classes`, in `classBytes` bytes, or in 0
 * where `spread` says all; `weights`, where not 0, holds a weight for each class. `spread` and `grad` are as in
 * `crossEntropy`. The rows' losses, or the one that they are reduced to, go to `loss`; a mean divides by the weights of
 * the rows that count, or by the number of rows. `targets` (int32), `scales` and `losses` (float64) are room for one
 * number a row.
 *
 * Returns 0, or 1 more than the number of the first row whose class is none; then nothing was written but `targets` and
 * `scales`.
 */
export type CrossEntropyLoss = (
  rows: number,
  n: number,
  x: number,
  classes: number,
  classBytes: number,
  ignoreIndex: number,
  weights: number,
  spread: number,
  spreadStep: number,
  grad: number,
  loss: number,
  targets: number,
  scales: number,
  losses: number,
  reduction: number,
  onClass: number,
) => number;

/** The parameters of {@link CrossEntropyLoss}, with their types. */
export const lossParams = {
  ...i32Params(
    'rows',
    'n',
    'x',
    'classes',
    'classBytes',
    'ignoreIndex',
    'weights',
    'spread',
    'spreadStep',
    'grad',
    'loss',
    'targets',
    'scales',
    'losses',
    'reduction',
  ),
  onClass: 'f64',
} as const;

/** The types of the parameters, in order. */
export const lossTypes = Object.values(lossParams);

type Parameters = ParametersOf<typeof lossParams>;

/** Adds the function to a module that has `crossEntropy` as function `ofRows`. */
export function emitLoss(module: ModuleBuilder, t: RowConfig, ofRows: number): void {
  module.define({ export: 'loss', result: 'i32' }, lossParams, (f, p) =>
    emitWhole(f, t, p, (divisor) => {
      for (const name of [
        'rows',
        'n',
        'x',
        'targets',
        'scales',
        'spread',
        'spreadStep',
        'losses',
        'grad',
      ] as const)
        f.get(p[name]);
      f.f64Const(1).get(divisor).op('f64.div').f64Const(0).call(ofRows);
    }),
  );
}

/**
 * The body of such a function. `sum` pushes the sum of the losses, each of which it stores, given what a mean divides
 * by.
 */
export function emitWhole(
  f: FunctionBuilder,
  t: RowConfig,
  p: Parameters,
  sum: (divisor: number) => void,
): void {
  const divisor = f.local('f64');
  lookUp(f, t, p, divisor);
  f.get(p.reduction).i32Const(reductions.mean).op('i32.ne').if();
  f.f64Const(1).set(divisor);
  f.else();
  f.get(p.classBytes).op('i32.eqz').if();
  f.get(p.rows).op('f64.convert_i32_s').set(divisor);
  f.end().end();
  const total = f.local('f64');
  sum(divisor);
  f.set(total);
  storeLosses(f, t, p, total, divisor);
  f.i32Const(0);
}

/** Adds `classes`, which gives 0, or 1 more than the number of the first row whose class is none. */
export function emitClasses(module: ModuleBuilder): void {
  const params = i32Params('rows', 'n', 'classes', 'classBytes', 'ignoreIndex');
  module.define({ export: 'classes', result: 'i32' }, params, (f, p) => {
    const [left, target] = [f.local('i32'), f.local('i32')];
    f.get(p.rows).set(left);
    f.countdown(left, 1, () => {
      loadClass(f, p.classes, p.classBytes, target);
      f.get(target).get(p.ignoreIndex).op('i32.ne').get(target).get(p.n).op('i32.ge_u').op('i32.and').if();
      f.get(p.rows).get(left).op('i32.sub').i32Const(1).op('i32.add').return();
      f.end();
      f.get(p.classes).get(p.classBytes).op('i32.add').set(p.classes);
    });
    f.i32Const(0);
  });
}

/** Puts the class at an address, of one or four bytes, into a local. */
function loadClass(f: FunctionBuilder, at: number, bytes: number, target: number): void {
  f.get(bytes).i32Const(1).op('i32.eq').if();
  f.get(at).load('i32.load8_u').set(target);
  f.else();
  f.get(at).load('i32.load').set(target);
  f.end();
}

/** Fills `targets` and `scales`, and adds up in `divisor` the weights of the rows that count. */
function lookUp(f: FunctionBuilder, t: RowConfig, p: Parameters, divisor: number): void {
  const [left, at, target, toTarget, toScale] = [0, 0, 0, 0, 0].map(() => f.local('i32')) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const weight = f.local('f64');
  f.get(p.rows).set(left).get(p.classes).set(at).get(p.targets).set(toTarget).get(p.scales).set(toScale);
  f.countdown(left, 1, () => {
    f.i32Const(NO_CLASS).set(target).f64Const(0).set(weight);
    f.get(p.classBytes).if();
    loadClass(f, at, p.classBytes, target);
    f.get(target).get(p.ignoreIndex).op('i32.eq').if();
    f.i32Const(IGNORED).set(target);
    f.else();
    // As unsigned numbers, those below 0 are beyond n too.
    f.get(target).get(p.n).op('i32.ge_u').if();
    f.get(p.rows).get(left).op('i32.sub').i32Const(1).op('i32.add').return();
    f.end();
    f.f64Const(1).set(weight);
    f.get(p.weights).if();
    f.pushPlace(p.weights, target, t.bytes).loadNumber(t.lane).set(weight);
    f.end();
    f.get(divisor).get(weight).op('f64.add').set(divisor);
    f.end().end();
    f.get(toTarget).get(target).store('i32.store');
    f.get(toScale).get(p.onClass).get(weight).op('f64.mul').store('f64.store');
    f.get(at).get(p.classBytes).op('i32.add').set(at);
    f.bump(toTarget, { bytes: 4 });
    f.bump(toScale, { bytes: 8 });
  });
}

function storeLosses(f: FunctionBuilder, t: RowConfig, p: Parameters, total: number, divisor: number): void {
  f.get(p.reduction).if();
  f.get(p.loss).get(total).get(divisor).op('f64.div');
  // Nothing to take a mean of: 0 / 0, also where smoothing has a loss.
  f.f64Const(Number.NaN).get(divisor).f64Const(0).op('f64.ne').op('select');
  f.storeNumber(t.lane);
  f.else();
  f.countdown(p.rows, 1, () => {
    f.get(p.loss).get(p.losses).load('f64.load');
    f.storeNumber(t.lane);
    f.bump(p.losses, { bytes: 8 });
    f.bump(p.loss, { bytes: t.bytes });
  });
  f.end();
}
