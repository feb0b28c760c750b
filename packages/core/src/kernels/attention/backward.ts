/**
 * Attention on the way back: the weights of a block of queries and keys are made anew from what was noted of each query; of them and the
 * gradient come those to values, to scores, and from there to keys and queries.
 */

import { panelProduct, type TileSize } from '../gemm/index.ts';
import { type Formula, is, minus, plus, times } from '../wasm/formulas.ts';
import type { FunctionBuilder, ModuleBuilder } from '../wasm/index.ts';
import { operands, spreadBack } from './hidden.ts';
import {
  type AttentionLane,
  backwardParams,
  Driver,
  KEYS_AT,
  type Panels,
  QUERIES_AT,
  SCORES_AT,
  scorePitch,
  slopesAt,
} from './parameters.ts';
import { dotRows, maskRow, slopesRow, weightsRow } from './rows.ts';

/** Adds the kernel, exported as `backward`. */
export function attentionBackward(
  module: ModuleBuilder,
  t: AttentionLane,
  size: TileSize,
  { product, pack, packTransposed }: Panels,
): void {
  const productOfColumns = panelProduct(module, t, size, true);
  const mask = maskRow(module, t);
  const weights = weightsRow(module, t);
  const dot = dotRows(module, t);
  const slopes = slopesRow(module, t, dot);
  const spread = spreadBack(module, t, dot);
  module.define({ export: 'backward' }, backwardParams(t), (f, p) => {
    const d = new Driver(f, p, t, size, product);
    const { at } = d;
    const v = f.locals('i32', 'depth', 'values', 'rows', 'r', 'seen', 'row', 'slope');
    const pitch = is(scorePitch(t));
    const keyPanels = d.scratch(KEYS_AT);
    const queryPanels = d.scratch(QUERIES_AT);
    const scores = d.scratch(SCORES_AT);
    const slopesFrom = d.scratch(slopesAt(t));
    const oneKey = times(p.block, is(t.bytes));
    f.put(v.values, plus(keyPanels, times(oneKey, p.size)));
    f.put(v.rows, plus(v.values, times(oneKey, p.valueSize)));
    const clear = (name: 'dk' | 'dv', count: number): FunctionBuilder =>
      f.upTo(v.r, v.depth, is(1), () => {
        f.push(d.matrix(name, plus(at.j, v.r))).i32Const(0);
        f.push(times(count, is(t.bytes))).memoryFill();
      });
    /** Adds rows, by their columns, times the queries' rows of `name` to those of the keys. */
    const addByKeys = (from: Formula, name: 'q' | 'g', count: number, to: 'dk' | 'dv'): void => {
      const [row, toRow] = name === 'q' ? [p.qRow, p.dkRow] : [p.gRow, p.dvRow];
      f.call(pack, [count, at.queries, d.matrix(name, at.i), row, queryPanels]);
      d.multiply(
        [at.keys, count, at.queries],
        [from, pitch],
        [queryPanels, at.queries],
        [d.matrix(to, at.j), toRow],
        { scaled: name === 'q', accumulate: is(1), product: productOfColumns },
      );
    };
    d.eachHead(() => {
      f.upTo(at.j, p.keys, p.block, () => {
        f.putLeast(v.depth, minus(p.keys, at.j), p.block);
        f.call(packTransposed, [v.depth, p.size, d.matrix('k', at.j), p.kRow, keyPanels]);
        f.call(packTransposed, [v.depth, p.valueSize, d.matrix('v', at.j), p.vRow, v.values]);
        f.call(pack, [p.size, v.depth, d.matrix('k', at.j), p.kRow, v.rows]);
        clear('dk', p.size);
        clear('dv', p.valueSize);
        const first = times(p.causal, times(['i32.div_s', at.j, p.rows], p.rows));
        d.eachPart(() =>
          d.eachQueries(first, () => {
            f.get(v.depth).set(at.keys);
            f.get(p.causal).if();
            f.putLeast(at.keys, minus(plus(at.i, at.queries), at.j), v.depth);
            f.end();
            d.putScores();
            d.multiply(
              [at.queries, at.keys, p.valueSize],
              [d.matrix('g', at.i), p.gRow],
              [v.values, p.valueSize],
              [slopesFrom, pitch],
              { scaled: false, accumulate: is(0) },
            );
            d.eachRow(v.r, () => {
              f.put(v.row, plus(scores, times(v.r, pitch)));
              f.put(v.slope, plus(slopesFrom, times(v.r, pitch)));
              d.putSeen(v.seen, v.r);
              d.addMask(mask, v.seen, v.row, v.r);
              const query = plus(at.i, v.r);
              f.call(weights, [v.seen, at.keys, v.row, d.statistics(query)]);
              const operands = [d.matrix('out', query), d.matrix('g', query)];
              const whole = ['i32.le_s', p.keys, p.block] as const;
              f.call(slopes, [v.seen, at.keys, v.row, v.slope, whole, p.valueSize, ...operands]);
            });
            addByKeys(scores, 'g', p.valueSize, 'dv');
            addByKeys(slopesFrom, 'q', p.size, 'dk');
            d.multiply(
              [at.queries, p.size, at.keys],
              [slopesFrom, pitch],
              [v.rows, v.depth],
              [d.matrix('dq', at.i), p.dqRow],
              { scaled: true, accumulate: ['i32.gt_s', at.j, is(0)] },
            );
          }),
        );
      });
      f.get(p.causal).if();
      d.eachPart(() => {
        const matrices = operands.map((name) => d.matrix(name, is(0)));
        f.call(spread, [
          p.length,
          p.keys,
          p.size,
          p.valueSize,
          ...matrices,
          ...operands.map((name) => p[`${name}Row`]),
        ]);
      });
      f.end();
    });
  });
}
