/**
 * Attention on the way back: the weights of a block of queries and keys are made anew from what was noted of each
 * query; of them and the gradient come those to values, to scores, and from there to keys and queries.
 */

import { panelProduct, type TileSize } from '../gemm/index.ts';
import { type Formula, is, minus, plus, times } from '../wasm/formulas.ts';
import type { FunctionBuilder, ModuleBuilder, ParametersOf } from '../wasm/index.ts';
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

/** The functions that the kernel calls. */
function partsOf(module: ModuleBuilder, t: AttentionLane, size: TileSize, panels: Panels) {
  const productOfColumns = panelProduct(module, t, size, true);
  const mask = maskRow(module, t);
  const weights = weightsRow(module, t);
  const dot = dotRows(module, t);
  const slopes = slopesRow(module, t, dot);
  const spread = spreadBack(module, t, dot);
  return { ...panels, productOfColumns, mask, weights, slopes, spread };
}

/** What the kernel is written with: loops and functions, locals, and where things lie in scratch. */
function emitting(
  d: Driver<ParametersOf<ReturnType<typeof backwardParams>>>,
  parts: ReturnType<typeof partsOf>,
) {
  const { f, p, t, at } = d;
  return {
    ...{ f, p, t, parts, d, at },
    v: f.locals('i32', 'depth', 'values', 'rows', 'r', 'seen', 'row', 'slope'),
    pitch: is(scorePitch(t)),
    keyPanels: d.scratch(KEYS_AT),
    queryPanels: d.scratch(QUERIES_AT),
    scores: d.scratch(SCORES_AT),
    slopes: d.scratch(slopesAt(t)),
  };
}

type Emitting = ReturnType<typeof emitting>;

/** Packs a block of keys and values, and sets their gradients to 0. */
function bringKeys({ f, p, t, parts, d, at, v, keyPanels }: Emitting): void {
  const clear = (name: 'dk' | 'dv', count: number): FunctionBuilder =>
    f.upTo(v.r, v.depth, is(1), () => {
      f.push(d.matrix(name, plus(at.j, v.r))).i32Const(0);
      f.push(times(count, is(t.bytes))).memoryFill();
    });
  f.putLeast(v.depth, minus(p.keys, at.j), p.block);
  f.call(parts.packTransposed, [v.depth, p.size, d.matrix('k', at.j), p.kRow, keyPanels]);
  f.call(parts.packTransposed, [v.depth, p.valueSize, d.matrix('v', at.j), p.vRow, v.values]);
  f.call(parts.pack, [p.size, v.depth, d.matrix('k', at.j), p.kRow, v.rows]);
  clear('dk', p.size);
  clear('dv', p.valueSize);
}

/** Makes the weights of the queries and keys at work, and the slopes of their scores. */
function weightsAndSlopes({ f, p, parts, d, at, v, pitch, scores, slopes }: Emitting): void {
  d.putScores();
  d.multiply(
    [at.queries, at.keys, p.valueSize],
    [d.matrix('g', at.i), p.gRow],
    [v.values, p.valueSize],
    [slopes, pitch],
    { scaled: false, accumulate: is(0) },
  );
  d.eachRow(v.r, () => {
    f.put(v.row, plus(scores, times(v.r, pitch)));
    f.put(v.slope, plus(slopes, times(v.r, pitch)));
    d.putSeen(v.seen, v.r);
    d.addMask(parts.mask, v.seen, v.row, v.r);
    const query = plus(at.i, v.r);
    f.call(parts.weights, [v.seen, at.keys, v.row, d.statistics(query)]);
    const operands = [d.matrix('out', query), d.matrix('g', query)];
    const whole = ['i32.le_s', p.keys, p.block] as const;
    f.call(parts.slopes, [v.seen, at.keys, v.row, v.slope, whole, p.valueSize, ...operands]);
  });
}

/** Adds rows, by their columns, times the queries' rows of `name` to those of the keys. */
function addByKeys(e: Emitting, from: Formula, name: 'q' | 'g', count: number, to: 'dk' | 'dv'): void {
  const { f, p, parts, d, at, pitch, queryPanels } = e;
  const [row, toRow] = name === 'q' ? [p.qRow, p.dkRow] : [p.gRow, p.dvRow];
  f.call(parts.pack, [count, at.queries, d.matrix(name, at.i), row, queryPanels]);
  d.multiply(
    [at.keys, count, at.queries],
    [from, pitch],
    [queryPanels, at.queries],
    [d.matrix(to, at.j), toRow],
    { scaled: name === 'q', accumulate: is(1), product: parts.productOfColumns },
  );
}

/** The gradients that a block of queries and one of keys have of each other. */
function emitBlock(e: Emitting): void {
  const { f, p, d, at, v, pitch, scores, slopes } = e;
  f.get(v.depth).set(at.keys);
  f.get(p.causal).if();
  f.putLeast(at.keys, minus(plus(at.i, at.queries), at.j), v.depth);
  f.end();
  weightsAndSlopes(e);
  addByKeys(e, scores, 'g', p.valueSize, 'dv');
  addByKeys(e, slopes, 'q', p.size, 'dk');
  d.multiply(
    [at.queries, p.size, at.keys],
    [slopes, pitch],
    [v.rows, v.depth],
    [d.matrix('dq', at.i), p.dqRow],
    { scaled: true, accumulate: ['i32.gt_s', at.j, is(0)] },
  );
}

/** Adds the kernel, exported as `backward`. */
export function attentionBackward(
  module: ModuleBuilder,
  t: AttentionLane,
  size: TileSize,
  panels: Panels,
): void {
  const parts = partsOf(module, t, size, panels);
  module.define({ export: 'backward' }, backwardParams(t), (f, p) => {
    const e = emitting(new Driver(f, p, t, size, parts.product), parts);
    const { d, at, v } = e;
    const oneKey = times(p.block, is(t.bytes));
    f.put(v.values, plus(e.keyPanels, times(oneKey, p.size)));
    f.put(v.rows, plus(v.values, times(oneKey, p.valueSize)));
    d.eachHead(() => {
      f.upTo(at.j, p.keys, p.block, () => {
        bringKeys(e);
        const first = times(p.causal, times(['i32.div_s', at.j, p.rows], p.rows));
        d.eachPart(() => d.eachQueries(first, () => emitBlock(e)));
      });
      f.get(p.causal).if();
      d.eachPart(() => {
        const matrices = operands.map((name) => d.matrix(name, is(0)));
        const rows = operands.map((name) => p[`${name}Row`]);
        f.call(parts.spread, [p.length, p.keys, p.size, p.valueSize, ...matrices, ...rows]);
      });
      f.end();
    });
  });
}
