/**
 * Attention forward: for each block of queries, the scores of a block of keys at a time, made weights where they lie, and the values summed
 * up by them. Sums so far shrink where a greater score comes (online softmax).
 */

import type { TileSize } from '../gemm/index.ts';
import { is, minus, plus, times } from '../wasm/formulas.ts';
import type { ModuleBuilder } from '../wasm/index.ts';
import { spreadHidden } from './hidden.ts';
import {
  type AttentionLane,
  Driver,
  forwardParams,
  KEYS_AT,
  type Panels,
  SCORES_AT,
  STATE_AT,
  STATE_BYTES,
  scorePitch,
} from './parameters.ts';
import { finishRow, maskRow, scaleRow, weighRow } from './rows.ts';

/** Adds the kernel, exported as `forward`. */
export function attentionForward(
  module: ModuleBuilder,
  t: AttentionLane,
  size: TileSize,
  { product, pack, packTransposed }: Panels,
): void {
  const mask = maskRow(module, t);
  const scale = scaleRow(module, t);
  const weigh = weighRow(module, t, scale);
  const finish = finishRow(module, t, scale);
  const spread = spreadHidden(module, t);
  module.define({ export: 'forward' }, forwardParams(t), (f, p) => {
    const d = new Driver(f, p, t, size, product);
    const { at } = d;
    const v = f.locals('i32', 'packed', 'depth', 'limit', 'values', 'r', 'seen', 'row', 'state', 'sums');
    const pitch = is(scorePitch(t));
    const keyPanels = d.scratch(KEYS_AT);
    const scores = d.scratch(SCORES_AT);
    f.put(v.values, plus(keyPanels, times(p.block, p.size, is(t.bytes))));
    const bring = (): void => {
      f.get(at.j).get(v.packed).op('i32.ne').if();
      f.get(at.j).set(v.packed);
      f.putLeast(v.depth, minus(p.keys, at.j), p.block);
      f.call(packTransposed, [v.depth, p.size, d.matrix('k', at.j), p.kRow, keyPanels]);
      f.call(pack, [p.valueSize, v.depth, d.matrix('v', at.j), p.vRow, v.values]);
      f.end();
    };
    const eachRow = (body: () => void): void =>
      d.eachRow(v.r, () => {
        f.put(v.row, plus(scores, times(v.r, pitch)));
        f.put(v.state, plus(d.scratch(STATE_AT), times(v.r, is(STATE_BYTES))));
        f.put(v.sums, d.matrix('out', plus(at.i, v.r)));
        body();
      });
    d.eachHead(() => {
      f.i32Const(-1).set(v.packed);
      d.eachPart(() => {
        d.eachQueries(is(0), () => {
          f.get(p.keys).set(v.limit);
          f.get(p.causal).if();
          f.putLeast(v.limit, plus(at.i, at.queries), p.keys);
          f.end();
          f.i32Const(0).set(at.j);
          const again = f.loop();
          f.putLeast(at.keys, minus(v.limit, at.j), p.block);
          bring();
          d.putScores();
          eachRow(() => {
            d.putSeen(v.seen, v.r);
            d.addMask(mask, v.seen, v.row, v.r);
            const fresh = ['i32.eq', at.j, is(0)] as const;
            f.call(weigh, [v.seen, at.keys, v.row, v.state, v.sums, p.valueSize, fresh]);
          });
          d.multiply(
            [at.queries, p.valueSize, at.keys],
            [scores, pitch],
            [v.values, v.depth],
            [d.matrix('out', at.i), p.outRow],
            { scaled: false, accumulate: ['i32.gt_s', at.j, is(0)] },
          );
          f.push(plus(at.j, p.block)).tee(at.j).get(v.limit).op('i32.lt_s').brIf(again);
          f.end();
          eachRow(() => f.call(finish, [p.valueSize, v.sums, v.state, d.statistics(plus(at.i, v.r))]));
        });
        f.get(p.causal).if();
        const [values, results] = [d.matrix('v', is(0)), d.matrix('out', is(0))];
        f.call(spread, [p.length, p.keys, p.valueSize, values, p.vRow, results, p.outRow]);
        f.end();
      });
    });
  });
}
