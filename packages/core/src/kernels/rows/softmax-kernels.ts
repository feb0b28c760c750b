/** The WebAssembly kernels of softmax and its kin, on contiguous rows in the scratch memory. */

import { bump, countdown, defineFunction, i32Params, type ModuleBuilder } from '../wasm/index.ts';
import { type RowConfig, RowEmitter, rowKernels } from './row-emitter.ts';

/**
 * Addresses in bytes, counts in elements; no two areas may overlap. Reads up to 16 bytes past the ends. Sums are carried in
 * float64.
 */
export interface SoftmaxKernels {
  /** out = exp(x - max) / sum. */
  softmax(rows: number, n: number, x: number, out: number): void;
  /** out = x - max - log(sum(exp(x - max))). */
  logSoftmax(rows: number, n: number, x: number, out: number): void;
  /** Two float64 numbers a row: max, and log(sum(exp(x - max))), NaN where the maximum is infinite. */
  statistics(rows: number, n: number, x: number, out: number): void;
  /** One number a row: log(sum(exp(x))); where the maximum is infinite that maximum, or NaN where the row has one. */
  logsumexp(rows: number, n: number, x: number, out: number): void;
  /** out = y * (g - sum(g * y)). */
  softmaxBackward(rows: number, n: number, y: number, g: number, out: number): void;
  /** out = g - exp(y) * sum(g), for y <= 0, as logSoftmax gives it. */
  logSoftmaxBackward(rows: number, n: number, y: number, g: number, out: number): void;
}

function emitForward(module: ModuleBuilder, t: RowConfig): void {
  const op = (name: 'add' | 'sub' | 'mul' | 'div') => `${t.vector}.${name}` as const;

  const params = i32Params('rows', 'n', 'x', 'out');
  defineFunction(module, { export: 'softmax' }, params, (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    const max = f.local('v128');
    const factor = f.local('v128');
    countdown(f, p.rows, 1, () => {
      row.maximum(p.x, max);
      row.sumOfExponentials(p.x, max, p.out);
      f.f64Const(1).get(row.sum).op('f64.div').splatF64(t.lane).set(factor);
      row.eachVector(
        [p.out],
        (step) => {
          f.get(p.out).load('v128.load', step.offset).get(factor).op(op('mul')).set(row.x);
          row.store(p.out, row.x, step);
        },
        { unroll: 4 },
      );
      row.nextRow([p.x, p.out]);
    });
  });

  defineFunction(module, { export: 'logSoftmax' }, params, (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    const max = f.local('v128');
    const logSum = f.local('v128');
    countdown(f, p.rows, 1, () => {
      row.maximum(p.x, max);
      row.sumOfExponentials(p.x, max);
      row.pushLogOfSum();
      f.splatF64(t.lane).set(logSum);
      row.eachVector(
        [p.x, p.out],
        (step) => {
          f.get(p.x)
            .load('v128.load', step.offset)
            .get(max)
            .op(op('sub'))
            .get(logSum)
            .op(op('sub'))
            .set(row.x);
          row.store(p.out, row.x, step);
        },
        { unroll: 4 },
      );
      row.nextRow([p.x, p.out]);
    });
  });

  defineFunction(module, { export: 'statistics' }, params, (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    const max = f.local('v128');
    countdown(f, p.rows, 1, () => {
      row.maximum(p.x, max);
      row.sumOfExponentials(p.x, max);
      f.get(p.out);
      row.pushNumber(max);
      f.store('f64.store').get(p.out);
      row.pushLogOfSum();
      f.store('f64.store', 8);
      bump(f, p.out, { bytes: 16 });
      row.nextRow([p.x]);
    });
  });

  defineFunction(module, { export: 'logsumexp' }, params, (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    const max = f.local('v128');
    const number = f.local('f64');
    countdown(f, p.rows, 1, () => {
      row.maximum(p.x, max);
      row.sumOfExponentials(p.x, max);
      row.pushLogOfSum();
      f.set(number);
      row.pushNumber(max);
      f.get(number).op('f64.add').set(number);
      row.pushNumber(max);
      f.op('f64.abs').f64Const(Number.POSITIVE_INFINITY).op('f64.eq').if();
      row.maximum(p.x, max, 'max');
      row.pushNumber(max);
      f.set(number).end();
      f.get(p.out).get(number);
      if (t.lanes === 4) f.op('f32.demote_f64');
      f.store(`${t.lane}.store`);
      bump(f, p.out, { bytes: t.bytes });
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
      row.total([p.y, p.g], () => f.get(p.y).load('v128.load').get(p.g).load('v128.load').op(op('mul')));
      f.get(row.sum).splatF64(t.lane).set(total);
      row.eachVector([p.y, p.g, p.out], (step) => {
        f.get(p.y).load('v128.load').get(p.g).load('v128.load').get(total).op(op('sub')).op(op('mul'));
        f.set(row.x);
        row.store(p.out, row.x, step);
      });
      row.nextRow([p.y, p.g, p.out]);
    });
  });

  defineFunction(module, { export: 'logSoftmaxBackward' }, params, (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    const total = f.local('v128');
    countdown(f, p.rows, 1, () => {
      row.total([p.g], () => f.get(p.g).load('v128.load'));
      f.get(row.sum);
      row.unscale();
      f.splatF64(t.lane).set(total);
      row.eachVector(
        [p.y, p.g, p.out],
        (step) => {
          f.get(p.y).load('v128.load', step.offset).set(row.x);
          row.scaledExponential(row.x);
          f.set(row.x);
          f.get(p.g).load('v128.load', step.offset).get(row.x).get(total).op(op('mul')).op(op('sub'));
          f.set(row.x);
          row.store(p.out, row.x, step);
        },
        { unroll: row.exponentialsARound },
      );
      row.nextRow([p.y, p.g, p.out]);
    });
  });
}

/** The kernels of softmax for a lane. */
export const softmaxKernels = rowKernels<SoftmaxKernels>((module, t) => {
  emitForward(module, t);
  emitBackward(module, t);
});
