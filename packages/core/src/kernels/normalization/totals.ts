/** The WebAssembly kernels that add up the gradients of factors and summands over samples, in float64. */

import { type RowConfig, RowEmitter } from '../rows/index.ts';
import { i32Params, type ModuleBuilder, range } from '../wasm/index.ts';

/**
 * Writes `addRows`, which adds rows of `n` numbers to float64 totals, one after the other, and `narrow`, which rounds
 * those.
 */
export function emitTotals(module: ModuleBuilder, t: RowConfig): void {
  const halves = range(t.lanes / 2);
  module.define({ export: 'addRows' }, i32Params('rows', 'n', 'pitch', 'accumulate', 'x', 'out'), (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    const sums = halves.map(() => f.local('v128'));
    const [from, left] = [f.local('i32'), f.local('i32')];
    // Totals lie in whole vectors.
    row.eachVector([p.x], () => {
      for (const [k, sum] of sums.entries()) {
        f.f64Splat(0).set(sum).get(p.accumulate).if();
        f.get(p.out)
          .load('v128.load', 16 * k)
          .set(sum)
          .end();
      }
      f.get(p.x).set(from).get(p.rows).set(left);
      f.countdown(left, 1, () => {
        for (const [k, sum] of sums.entries()) {
          f.get(from);
          if (t.lanes === 4) f.load('v128.load64_zero', 8 * k).op('f64x2.promote_low_f32x4');
          else f.load('v128.load');
          f.get(sum).op('f64x2.add').set(sum);
        }
        f.bump(from, { local: p.pitch });
      });
      f.storeVectors(p.out, sums);
      f.bump(p.out, { bytes: 8 * t.lanes });
    });
  });
  module.define({ export: 'narrow' }, i32Params('n', 'x', 'out'), (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    row.eachVector([p.out], (step) => {
      for (const k of halves) {
        f.get(p.x).load('v128.load', 16 * k);
        if (t.lanes === 4) f.op('f32x4.demote_f64x2_zero');
      }
      if (t.lanes === 4) f.shuffle64(0, 2);
      f.set(row.x);
      row.store(p.out, row.x, step);
      f.bump(p.x, { bytes: 8 * t.lanes });
    });
  });
}
