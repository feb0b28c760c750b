/**
 * Attention forward: for each block of queries, the scores of a block of keys at a time, made weights where they lie,
 * and the values summed up by them. Sums so far shrink where a greater score comes (online softmax).
 */

import type { TileSize } from '../gemm/index.ts';
import { is, minus, plus, times } from '../wasm/formulas.ts';
import type { ModuleBuilder, ParametersOf } from '../wasm/index.ts';
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

/** The functions that the kernel calls. */
function partsOf(module: ModuleBuilder, t: AttentionLane, panels: Panels) {
  const mask = maskRow(module, t);
  const scale = scaleRow(module, t);
  const weigh = weighRow(module, t, scale);
  const finish = finishRow(module, t, scale);
  return { ...panels, mask, weigh, finish, spread: spreadHidden(module, t) };
}

/** What the kernel is written with: loops and functions, locals, and where things lie in scratch. */
function emitting(
  d: Driver<ParametersOf<ReturnType<typeof forwardParams>>>,
  parts: ReturnType<typeof partsOf>,
) {
  const { f, p, t, at } = d;
  return {
    ...{ f, p, parts, d, at },
    v: f.locals('i32', 'packed', 'depth', 'limit', 'values', 'r', 'seen', 'row', 'state', 'sums'),
    pitch: is(scorePitch(t)),
    keyPanels: d.scratch(KEYS_AT),
    scores: d.scratch(SCORES_AT),
  };
}

type Emitting = ReturnType<typeof emitting>;

/** Packs the keys and values at work, unless they are packed. */
function bringKeys({ f, p, parts, d, at, v, keyPanels }: Emitting): void {
  f.get(at.j).get(v.packed).op('i32.ne').if();
  f.get(at.j).set(v.packed);
  f.putLeast(v.depth, minus(p.keys, at.j), p.block);
  f.call(parts.packTransposed, [v.depth, p.size, d.matrix('k', at.j), p.kRow, keyPanels]);
  f.call(parts.pack, [p.valueSize, v.depth, d.matrix('v', at.j), p.vRow, v.values]);
  f.end();
}

/** Runs `body` for each query at work: with its scores, its state and its row of the result. */
function eachRow({ f, d, at, v, pitch, scores }: Emitting, body: () => void): void {
  d.eachRow(v.r, () => {
    f.put(v.row, plus(scores, times(v.r, pitch)));
    f.put(v.state, plus(d.scratch(STATE_AT), times(v.r, is(STATE_BYTES))));
    f.put(v.sums, d.matrix('out', plus(at.i, v.r)));
    body();
  });
}

/** The results of a block of queries, past all keys that it sees. */
function emitQueries(e: Emitting): void {
  const { f, p, parts, d, at, v, scores } = e;
  f.get(p.keys).set(v.limit);
  f.get(p.causal).if();
  f.putLeast(v.limit, plus(at.i, at.queries), p.keys);
  f.end();
  f.i32Const(0).set(at.j);
  const again = f.loop();
  f.putLeast(at.keys, minus(v.limit, at.j), p.block);
  bringKeys(e);
  d.putScores();
  eachRow(e, () => {
    d.putSeen(v.seen, v.r);
    d.addMask(parts.mask, v.seen, v.row, v.r);
    const fresh = ['i32.eq', at.j, is(0)] as const;
    f.call(parts.weigh, [v.seen, at.keys, v.row, v.state, v.sums, p.valueSize, fresh]);
  });
  d.multiply(
    [at.queries, p.valueSize, at.keys],
    [scores, e.pitch],
    [v.values, v.depth],
    [d.matrix('out', at.i), p.outRow],
    { scaled: false, accumulate: ['i32.gt_s', at.j, is(0)] },
  );
  f.push(plus(at.j, p.block)).tee(at.j).get(v.limit).op('i32.lt_s').brIf(again);
  f.end();
  eachRow(e, () => f.call(parts.finish, [p.valueSize, v.sums, v.state, d.statistics(plus(at.i, v.r))]));
}

/** Adds the kernel, exported as `forward`. */
export function attentionForward(
  module: ModuleBuilder,
  t: AttentionLane,
  size: TileSize,
  panels: Panels,
): void {
  const parts = partsOf(module, t, panels);
  module.define({ export: 'forward' }, forwardParams(t), (f, p) => {
    const e = emitting(new Driver(f, p, t, size, parts.product), parts);
    const { d, v } = e;
    f.put(v.values, plus(e.keyPanels, times(p.block, p.size, is(t.bytes))));
    d.eachHead(() => {
      f.i32Const(-1).set(v.packed);
      d.eachPart(() => {
        d.eachQueries(is(0), () => emitQueries(e));
        f.get(p.causal).if();
        const [values, results] = [d.matrix('v', is(0)), d.matrix('out', is(0))];
        f.call(parts.spread, [p.length, p.keys, p.valueSize, values, p.vRow, results, p.outRow]);
        f.end();
      });
    });
  });
}
