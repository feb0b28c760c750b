/** What is done to the scores of one query: the WebAssembly functions. */

import { inlineExpression } from '../compile/index.ts';
import { input } from '../expression/index.ts';
import { expOfWeight, LEAST_WEIGHT_EXPONENT } from '../math/index.ts';
import { RowEmitter } from '../rows/row-emitter.ts';
import { type Formula, is } from '../wasm/formulas.ts';
import { type FunctionBuilder, i32Params, type ModuleBuilder } from '../wasm/index.ts';
import { type AttentionLane, BOOLS } from './parameters.ts';

/** A row of scores, whose exponentials become no subnormal numbers: products with those take long. */
class WeightRow extends RowEmitter {
  override scaledExponential(x: number): void {
    const { f, t } = this;
    if (t.lane === 'f64') {
      super.scaledExponential(x);
      return;
    }
    inlineExpression(f, t.lane, expOfWeight(input(0)), [x]);
    // NaN is not less.
    f.get(x).splat(t.lane, LEAST_WEIGHT_EXPONENT).op('f32x4.lt').op('v128.andnot');
  }
}

interface RowOfScores {
  readonly n: number;
  readonly columns: number;
  readonly x: number;
}

/** Has a row of `n` scores end with a whole vector, of -Infinity: there is room behind each row. */
function roundUp(f: FunctionBuilder, t: AttentionLane, p: RowOfScores): void {
  f.get(p.x).get(p.n).i32Const(t.bytes).op('i32.mul').op('i32.add');
  f.splat(t.lane, Number.NEGATIVE_INFINITY).store('v128.store');
  f.get(p.n)
    .i32Const(t.lanes - 1)
    .op('i32.add')
    .i32Const(-t.lanes)
    .op('i32.and')
    .set(p.n);
}

/** Sets what lies behind the first `n` of `columns` elements, and perhaps a few more, to 0. */
function clearBehind(f: FunctionBuilder, t: AttentionLane, p: RowOfScores): void {
  const [at, left] = [f.local('i32'), f.local('i32')];
  f.get(p.x).get(p.n).i32Const(t.bytes).op('i32.mul').op('i32.add').set(at);
  f.get(p.columns).get(p.n).op('i32.sub').set(left);
  f.get(left).i32Const(0).op('i32.gt_s').if();
  const again = f.loop();
  f.get(at).splat(t.lane, 0).store('v128.store');
  f.bump(at, { bytes: 16 });
  f.get(left).i32Const(t.lanes).op('i32.sub').tee(left).i32Const(0).op('i32.gt_s').brIf(again);
  f.end().end();
}

/** Adds x += mask, or of bools x += mask ? 0 : -Infinity: as PyTorch does, where NaN stays NaN. */
export function maskRow(module: ModuleBuilder, t: AttentionLane): number {
  const params = i32Params('n', 'x', 'mask', 'kind');
  return module.define({ name: `attention_mask_${t.lane}` }, params, (f, p) => {
    const row = new WeightRow(f, t, p.n);
    f.get(p.kind).i32Const(BOOLS).op('i32.eq').if();
    f.countdown(p.n, 1, () => {
      f.get(p.x).get(p.x).load(`${t.lane}.load`);
      if (t.lane === 'f32') f.f32Const(0).f32Const(Number.NEGATIVE_INFINITY);
      else f.f64Const(0).f64Const(Number.NEGATIVE_INFINITY);
      f.get(p.mask).load('i32.load8_u').op('select').op(`${t.lane}.add`).store(`${t.lane}.store`);
      f.bump(p.x, { bytes: t.bytes });
      f.bump(p.mask, { bytes: 1 });
    });
    f.else();
    row.write([p.x], [p.x, p.mask], ({ offset }) =>
      f.get(p.x).load('v128.load', offset).get(p.mask).load('v128.load', offset).op(`${t.vector}.add`),
    );
    f.end();
  });
}

/** Adds x *= factor, a float64 that is rounded first. */
export function scaleRow(module: ModuleBuilder, t: AttentionLane): number {
  const params = { ...i32Params('n', 'x'), factor: 'f64' } as const;
  return module.define({ name: `attention_scale_${t.lane}` }, params, (f, p) => {
    const row = new WeightRow(f, t, p.n);
    const factor = f.local('v128');
    f.get(p.factor).splatF64(t.lane).set(factor);
    row.write([p.x], [p.x], ({ offset }) =>
      f.get(p.x).load('v128.load', offset).get(factor).op(`${t.vector}.mul`),
    );
  });
}

/** Pushes 0 for a maximum of -Infinity, of which nothing can be taken, else the maximum. */
function pushReference(f: FunctionBuilder, max: number): void {
  f.f64Const(0).get(max).get(max).f64Const(Number.NEGATIVE_INFINITY).op('f64.eq').op('select');
}

/**
 * Adds what makes exponentials of the first `n` of `columns` scores, 0 of the others, and takes them into the state:
 * greatest score and sum. Where the greatest score has grown, what was summed up of values, at `sums`, shrinks.
 */
export function weighRow(module: ModuleBuilder, t: AttentionLane, scale: number): number {
  const params = i32Params('n', 'columns', 'x', 'state', 'sums', 'size', 'fresh');
  return module.define({ name: `attention_weigh_${t.lane}` }, params, (f, p) => {
    roundUp(f, t, p);
    const row = new WeightRow(f, t, p.n);
    const max = f.local('v128');
    const out = f.local('i32');
    const { before, top, factor } = f.locals('f64', 'before', 'top', 'factor');
    row.maximum(p.x, max);
    row.pushNumber(max);
    f.set(top);
    f.get(p.fresh).op('i32.eqz').if();
    f.get(p.state).load('f64.load').tee(before).get(top).op('f64.max').set(top);
    f.end();
    pushReference(f, top);
    f.splatF64(t.lane).set(max).get(p.x).set(out);
    row.sumOfExponentials(p.x, max, out);
    clearBehind(f, t, p);
    f.get(p.fresh).op('i32.eqz').if();
    f.get(before);
    pushReference(f, top);
    f.op('f64.sub').call(t.exp).set(factor);
    f.get(row.sum).get(p.state).load('f64.load', 8).get(factor).op('f64.mul').op('f64.add').set(row.sum);
    f.get(factor).f64Const(1).op('f64.ne').if();
    f.get(p.size).get(p.sums).get(factor).call(scale);
    f.end().end();
    f.get(p.state).get(top).store('f64.store');
    f.get(p.state).get(row.sum).store('f64.store', 8);
  });
}

/**
 * Adds what divides a row of `size` summed up values by the sum of the weights, and notes what the weights are made
 * from: what scores are less, and a factor. A query all of whose scores are -Infinity gets 0.
 */
export function finishRow(module: ModuleBuilder, t: AttentionLane, scale: number): number {
  const params = i32Params('size', 'sums', 'state', 'statistics');
  return module.define({ name: `attention_finish_${t.lane}` }, params, (f, p) => {
    const { top, sum, factor } = f.locals('f64', 'top', 'sum', 'factor');
    f.get(p.state).load('f64.load').set(top).get(p.state).load('f64.load', 8).set(sum);
    f.f64Const(0)
      .f64Const(1)
      .get(sum)
      .op('f64.div')
      .get(sum)
      .f64Const(0)
      .op('f64.eq')
      .op('select')
      .set(factor);
    f.get(p.statistics);
    pushReference(f, top);
    f.storeNumber(t.lane);
    f.get(p.statistics).get(factor);
    f.storeNumber(t.lane, t.bytes);
    f.get(p.size).get(p.sums).get(factor).call(scale);
  });
}

/**
 * Adds what makes weights of the first `n` of `columns` scores by what was noted of them, 0 of the others even where
 * that is NaN.
 */
export function weightsRow(module: ModuleBuilder, t: AttentionLane): number {
  const params = i32Params('n', 'columns', 'x', 'statistics');
  return module.define({ name: `attention_weights_${t.lane}` }, params, (f, p) => {
    const seen = f.local('i32');
    f.get(p.n).set(seen);
    roundUp(f, t, p);
    const row = new WeightRow(f, t, p.n);
    const [top, factor] = [f.local('v128'), f.local('v128')];
    f.get(p.statistics).load(t.splat).set(top).get(p.statistics).load(t.splat, t.bytes).set(factor);
    row.write(
      [p.x],
      [p.x],
      ({ offset }) => {
        const distance = f.local('v128');
        f.get(p.x).load('v128.load', offset).get(top).op(`${t.vector}.sub`).set(distance);
        row.scaledExponential(distance);
        f.get(factor).op(`${t.vector}.mul`);
      },
      { unroll: row.exponentialsARound },
    );
    clearBehind(f, t, { ...p, n: seen });
  });
}

/** Adds the sum of the products of the `n` elements of each of `rows` rows, so many bytes apart, a float64. */
export function dotRows(module: ModuleBuilder, t: AttentionLane): number {
  const vector = { add: `${t.vector}.add`, mul: `${t.vector}.mul` } as const;
  return module.define(
    { name: `attention_dot_${t.lane}`, result: 'f64' },
    i32Params('rows', 'n', 'y', 'yPitch', 'g', 'gPitch'),
    (f, p) => {
      const row = new WeightRow(f, t, p.n);
      const sums = f.local('v128');
      const others = [f.local('v128'), f.local('v128'), f.local('v128')];
      f.countdown(p.rows, 1, () => {
        row.eachVector(
          [p.y, p.g],
          ({ u, offset, partial }) => {
            const sum = others[u - 1] ?? sums;
            f.get(p.y).load('v128.load', offset).get(p.g).load('v128.load', offset).op(vector.mul).set(row.x);
            if (partial) row.cut(row.x);
            f.get(sum).get(row.x).op(vector.add).set(sum);
          },
          { unroll: 4 },
        );
        f.bump(p.y, { local: p.yPitch });
        f.bump(p.g, { local: p.gPitch });
      });
      for (const other of others) f.get(sums).get(other).op(vector.add).set(sums);
      f.f64Const(0);
      for (let lane = 0; lane < t.lanes; lane++) {
        f.get(sums).lane(`${t.vector}.extract_lane`, lane).toNumber(t.lane).op('f64.add');
      }
    },
  );
}

/** Calls that sum of one row. */
export function callDot(
  f: FunctionBuilder,
  dot: number,
  n: Formula,
  y: Formula,
  g: Formula,
): FunctionBuilder {
  return f.call(dot, [is(1), n, y, is(0), g, is(0)]);
}

/** Adds x += factor * y, of `n` elements. */
export function addRow(module: ModuleBuilder, t: AttentionLane): number {
  const params = { ...i32Params('n', 'x', 'y'), factor: 'f64' } as const;
  return module.define({ name: `attention_add_${t.lane}` }, params, (f, p) => {
    const row = new WeightRow(f, t, p.n);
    const factor = f.local('v128');
    f.get(p.factor).splatF64(t.lane).set(factor);
    row.write([p.x], [p.x, p.y], ({ offset }) => {
      f.get(p.x).load('v128.load', offset).get(p.y).load('v128.load', offset).get(factor);
      f.op(`${t.vector}.mul`).op(`${t.vector}.add`);
    });
  });
}

/**
 * Adds what makes slopes of the first `n` of `columns` gradients to weights, 0 of the others: weights * (gradients -
 * what they are on an average by the weights). That is their sum over all keys, which are those of the row where it is
 * `whole`; else, and where it is not finite, as PyTorch has it, it comes out as the sum of y * g, of `size` elements of
 * the result and its gradient.
 */
export function slopesRow(module: ModuleBuilder, t: AttentionLane, dot: number): number {
  const vector = { sub: `${t.vector}.sub`, mul: `${t.vector}.mul` } as const;
  const params = i32Params('n', 'columns', 'weights', 'x', 'whole', 'size', 'y', 'g');
  return module.define({ name: `attention_slopes_${t.lane}` }, params, (f, p) => {
    const row = new WeightRow(f, t, p.n);
    const total = f.local('v128');
    const sum = f.local('f64');
    f.get(p.whole).if();
    callDot(f, dot, p.n, p.weights, p.x).set(sum);
    f.end();
    f.get(p.whole).op('i32.eqz').get(sum).get(sum).op('f64.sub').f64Const(0).op('f64.ne').op('i32.or').if();
    callDot(f, dot, p.size, p.y, p.g).set(sum);
    f.end();
    f.get(sum).splatF64(t.lane).set(total);
    row.write(
      [p.x],
      [p.weights, p.x],
      ({ offset }) => {
        f.get(p.weights).load('v128.load', offset);
        f.get(p.x).load('v128.load', offset).get(total).op(vector.sub).op(vector.mul);
      },
      { unroll: 4 },
    );
    clearBehind(f, t, p);
  });
}
