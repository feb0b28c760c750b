/** What causal attention skips: values that a query does not see have weight 0, which is no matter unless they are not finite. */

import { RowEmitter } from '../rows/row-emitter.ts';
import { is, minus, plus, times } from '../wasm/formulas.ts';
import { i32Params, type ModuleBuilder } from '../wasm/index.ts';
import type { AttentionLane } from './parameters.ts';

/** PyTorch goes through keys by blocks of so many, and to the end of the last one that a query sees something of. */
const PYTORCH_KEYS = 512;

/** Adds what puts NaN into each of the results `out` of `length` queries where a value of a key behind it is not finite, as 0 times that is. */
export function spreadHidden(module: ModuleBuilder, t: AttentionLane): number {
  const params = i32Params('length', 'keys', 'size', 'v', 'vRow', 'out', 'outRow');
  return module.define({ name: `attention_spread_${t.lane}` }, params, (f, p) => {
    const l = f.locals('i32', 'left', 'from', 'to', 'row', 'result');
    const { sum, x } = f.locals('v128', 'sum', 'x');
    const values = new RowEmitter(f, t, p.size);
    /** sum += 0 * values, 0 or NaN. */
    const add = (at: number, offset: number, partial: boolean): void => {
      f.get(at).load('v128.load', offset).splat(t.lane, 0).op(`${t.vector}.mul`).set(x);
      if (partial) values.cut(x);
      f.get(sum).get(x).op(`${t.vector}.add`).set(sum);
    };
    f.splat(t.lane, 0).set(sum).get(p.keys).set(l.left).get(p.v).set(l.from);
    f.countdown(l.left, 1, () => {
      values.eachVector([l.from], ({ offset, partial }) => add(l.from, offset, partial));
      f.bump(l.from, { local: p.vRow });
    });
    f.get(sum).get(sum).op(`${t.vector}.ne`).op('v128.any_true').if();
    f.put(l.from, plus(p.v, times(minus(p.keys, is(1)), p.vRow)));
    f.put(l.to, plus(p.out, times(minus(p.keys, is(2)), p.outRow)));
    values.eachVector([l.from, l.to], (step) => {
      f.splat(t.lane, 0).set(sum).get(l.from).set(l.row).get(l.to).set(l.result);
      f.put(l.left, minus(p.keys, is(1)));
      f.countdown(l.left, 1, () => {
        // From the last key on; the query in front of it sees none of those so far.
        add(l.row, step.offset, step.partial);
        f.get(l.left)
          .i32Const(PYTORCH_KEYS - 1)
          .op('i32.and')
          .op('i32.eqz')
          .if();
        f.splat(t.lane, 0).set(sum).end();
        f.get(l.left).get(p.length).op('i32.le_s').if();
        f.get(l.result).load('v128.load', step.offset).get(sum).op(`${t.vector}.add`).set(x);
        values.store(l.result, x, step);
        f.end();
        f.put(l.row, minus(l.row, p.vRow));
        f.put(l.result, minus(l.result, p.outRow));
      });
    });
    f.end();
  });
}
