/**
 * What causal attention skips: values that a query does not see have weight 0, which is no matter unless they, or on
 * the way back their gradients, are not finite.
 */

import { RowEmitter } from '../rows/row-emitter.ts';
import { type Formula, is, minus, over, plus, times } from '../wasm/formulas.ts';
import { i32Params, type ModuleBuilder } from '../wasm/index.ts';
import type { AttentionLane } from './parameters.ts';
import { addRow, callDot } from './rows.ts';

/** PyTorch goes through keys by blocks of so many, and to the end of the last one that a query sees something of. */
const PYTORCH_KEYS = 512;

/**
 * Adds what puts NaN into each of the results `out` of `length` queries where a value of a key behind it is not finite,
 * as 0 times that is.
 */
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

/** Of so many queries PyTorch takes so many at a time, on the way back. */
const PYTORCH_QUERIES = [
  [768, 256],
  [192, 64],
  [0, 32],
] as const;

/** The matrices that {@link spreadBack} takes, in their order. */
export const operands = ['q', 'k', 'v', 'out', 'g', 'dq', 'dk', 'dv'] as const;

/** Sizes, and of each matrix its address and the bytes between its rows. */
const spreadBackParams = [
  ...(['length', 'keys', 'size', 'valueSize'] as const),
  ...operands,
  ...operands.map((name) => `${name}Row` as const),
] as const;

/**
 * Adds what puts NaN into gradients as weights of 0 leave it: of a query to the keys and values behind it, up to the
 * end of the block, of keys, that PyTorch goes through for a block of queries; and to the keys that it sees. `dot` is
 * the sum of products.
 */
export function spreadBack(module: ModuleBuilder, t: AttentionLane, dot: number): number {
  const add = addRow(module, t);
  return module.define(
    { name: `attention_spread_back_${t.lane}` },
    i32Params(...spreadBackParams),
    (f, p) => {
      const l = f.locals('i32', 'i', 'j', 'rows', 'end');
      const { sum, total, slope } = f.locals('f64', 'sum', 'total', 'slope');
      const row = (name: (typeof operands)[number], at: Formula): Formula =>
        plus(p[name], times(at, p[`${name}Row`]));
      const square = (name: 'q' | 'k' | 'v' | 'out' | 'g', count: number, size: number): void => {
        const [from, pitch] = [p[name], p[`${name}Row`]];
        f.call(dot, [count, size, from, pitch, from, pitch]).get(sum).op('f64.add').set(sum);
      };
      f.f64Const(0).set(sum);
      square('q', p.length, p.size);
      square('k', p.keys, p.size);
      square('v', p.keys, p.valueSize);
      square('out', p.length, p.valueSize);
      square('g', p.length, p.valueSize);
      f.get(sum).get(sum).op('f64.sub').f64Const(0).op('f64.ne').if();
      f.put(l.rows, is(0));
      for (const [least, rows] of PYTORCH_QUERIES) {
        f.get(l.rows)
          .op('i32.eqz')
          .push(['i32.ge_s', p.length, is(least)])
          .op('i32.and')
          .if();
        f.put(l.rows, is(rows));
        f.end();
      }
      f.upTo(l.i, p.length, is(1), () => {
        callDot(f, dot, p.valueSize, row('out', l.i), row('g', l.i)).set(total);
        // Where a result is NaN by what its query does not see, the scores of what it sees have no slopes either.
        f.get(total).get(total).op('f64.ne').if();
        f.putLeast(l.end, plus(l.i, is(1)), p.keys);
        f.upTo(l.j, l.end, is(1), () => {
          f.push(p.size).push(row('dk', l.j)).push(row('q', l.i)).get(total).call(add);
        });
        f.end();
        f.putLeast(l.end, times(plus(over(l.i, l.rows), is(1)), l.rows), p.length);
        f.put(l.end, times(over(plus(l.end, is(PYTORCH_KEYS - 1)), is(PYTORCH_KEYS)), is(PYTORCH_KEYS)));
        f.putLeast(l.end, l.end, p.keys);
        f.upTo(l.j, minus(l.end, l.i, is(1)), is(1), () => {
          const key = plus(l.i, l.j, is(1));
          f.f64Const(0);
          callDot(f, dot, p.valueSize, row('g', l.i), row('v', key));
          f.get(total).op('f64.sub').op('f64.mul').set(slope);
          f.push(p.valueSize).push(row('dv', key)).push(row('g', l.i)).f64Const(0).call(add);
          f.push(p.size).push(row('dk', key)).push(row('q', l.i)).get(slope).call(add);
          f.push(p.size).push(row('dq', l.i)).push(row('k', key)).get(slope).call(add);
        });
      });
      f.end();
    },
  );
}
