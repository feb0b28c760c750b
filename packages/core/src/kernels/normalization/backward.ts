/** The WebAssembly kernel of the derivative of {@link emitForward} where factors, if any, are those of parts. */

import { type RowConfig, RowEmitter } from '../rows/index.ts';
import type { FunctionBuilder, ModuleBuilder, ParametersOf } from '../wasm/index.ts';
import type { Variant } from './grouping.ts';
import { eachBlock, pushNumber, pushRstd, sizes, storeNumber } from './numbers.ts';
import { addRow, multiplyAdd, Sum } from './sums.ts';

/** The gradients of factors and summands are those of each sample, or of some samples. */
export const backwardParams = {
  ...sizes,
  x: 'i32',
  g: 'i32',
  weight: 'i32',
  means: 'i32',
  variances: 'i32',
  toX: 'i32',
  toWeight: 'i32',
  toBias: 'i32',
} as const;

/**
 * With xhat = (x - mean) rstd, the gradient by x is rstd w g + (x - mean) slope + shift, where slope = -rstd^3 sum(w g
 * (x - mean)) / n and shift = -rstd sum(w g) / n. Pushes the slope.
 */
export function pushSlope(f: FunctionBuilder, rstd: number, along: number, count: number): FunctionBuilder {
  f.get(along).get(rstd).op('f64.mul').get(rstd).op('f64.mul');
  return f.get(count).op('f64.div').op('f64.neg').get(rstd).op('f64.mul');
}

/**
 * Pushes what is taken from each w g where the gradient by x is rstd (w g - that) + (x - origin) slope, and the mean
 * lies `rest` from the origin.
 */
export function pushCenter(
  f: FunctionBuilder,
  {
    total,
    count,
    slope,
    rest,
    rstd,
  }: Readonly<Record<'total' | 'count' | 'slope' | 'rest' | 'rstd', number>>,
): FunctionBuilder {
  f.get(total).get(count).op('f64.div');
  return f.get(slope).get(rest).op('f64.mul').get(rstd).op('f64.div').op('f64.add');
}

/**
 * Runs `sums`, which finds `total`, and `along` with the distances from `means`; where these are not finite, once more
 * with x itself: PyTorch adds up its products, subtracts `mean` times the total, and has x, not its distance, meet what
 * became of them. Then `means` is 0, and `rest`, else 0, the mean.
 */
export function sumsAsPyTorch(
  f: FunctionBuilder,
  {
    mean,
    means,
    rest,
    total,
    along,
  }: Readonly<Record<'mean' | 'means' | 'rest' | 'total' | 'along', number>>,
  sums: () => void,
): void {
  f.f64Const(0).set(rest);
  const again = f.loop();
  sums();
  f.get(along).get(rest).get(total).op('f64.mul').op('f64.sub').set(along);
  // What is not finite times 0 is NaN.
  f.get(along).get(total).op('f64.add').f64Const(0).op('f64.mul').f64Const(0).op('f64.ne');
  f.get(rest).f64Const(0).op('f64.eq').op('i32.and').if();
  f.get(mean).set(rest).f64Splat(0).set(means);
  f.get(mean).f64Const(0).op('f64.ne').brIf(again).end().end();
}

/** What `backward` is written with: what holds of the variant, rows of parts, and locals. */
function emitting(f: FunctionBuilder, p: ParametersOf<typeof backwardParams>, t: RowConfig, v: Variant) {
  const scales = v.form === 'parts';
  const scalesFirst = scales && !v.scalesLast;
  const followsMean = v.centered && !v.scalesLast;
  const row = new RowEmitter(f, t, p.run);
  const [sumOfG, sumAlong] = [new Sum(f, t), new Sum(f, t)];
  const op = (name: 'sub' | 'mul') => `${t.vector}.${name}` as const;
  return {
    ...{ f, p, t, v, scales, scalesFirst, followsMean, row, sumOfG, sumAlong, op },
    ...f.locals(
      'i32',
      ...(['group', 'block', 'piece', 'weight', 'at', 'from', 'gFrom', 'to', 'bytes'] as const),
    ),
    start: f.locals('i32', 'x', 'g', 'to', 'toWeight', 'toBias'),
    ...f.locals(
      'f64',
      ...(['count', 'mean', 'variance', 'rstd', 'factor'] as const),
      ...(['partG', 'partAlong', 'total', 'along', 'slope', 'rest'] as const),
    ),
    ...f.locals('v128', ...(['means', 'factors', 'slopes', 'centers'] as const)),
  };
}

type Emitting = ReturnType<typeof emitting>;

/** Pushes the distance of a vector from the mean. */
function distance({ f, v, op, from, means }: Emitting, offset: number): FunctionBuilder {
  f.get(from).load('v128.load', offset);
  return v.centered ? f.get(means).op(op('sub')) : f;
}

/** Runs `body` for each part: `from`, `gFrom` and `to` point to it in the first block, `factor` is its own. */
function eachPart(e: Emitting, body: () => void): void {
  const { f, p, t, start, at } = e;
  f.get(p.x).set(start.x).get(p.g).set(start.g).get(p.toX).set(start.to);
  f.get(p.parts).set(e.piece);
  const one = (): void => {
    f.get(start.x).set(e.from).get(start.g).set(e.gFrom).get(start.to).set(e.to);
    body();
  };
  if (!e.scales) {
    one();
    return;
  }
  f.get(e.weight).set(at);
  f.countdown(e.piece, 1, () => {
    pushNumber(f, t, at).set(e.factor);
    f.bump(at, { bytes: t.bytes });
    one();
    e.row.nextRow([start.x, start.g, start.to]);
  });
}

/** Stores the gradients by factor and summand of a part. */
function storeOfPart(e: Emitting): void {
  const { f, t, start, slope, partG } = e;
  f.get(e.partAlong);
  if (e.followsMean) f.get(partG).get(e.rest).op('f64.mul').op('f64.sub');
  f.get(e.rstd).op('f64.mul').set(slope);
  storeNumber(f, t, start.toWeight, slope);
  storeNumber(f, t, start.toBias, partG);
  for (const pointer of [start.toWeight, start.toBias]) f.bump(pointer, { bytes: t.bytes });
}

/**
 * Finds the sums over a group, `total` of gradients, `along` of these times distances; and the gradients by factors.
 */
function emitSums(e: Emitting): void {
  const { f, p, from, gFrom, to, start, sumAlong, sumOfG, total, along, partG, partAlong } = e;
  f.f64Const(0).set(total).f64Const(0).set(along);
  f.get(p.toWeight).set(start.toWeight).get(p.toBias).set(start.toBias);
  eachPart(e, () => {
    const wanted = e.v.centered || e.scales ? [sumAlong, sumOfG] : [sumAlong];
    for (const sum of wanted) sum.begin();
    eachBlock(f, p, [from, gFrom], e.block, () =>
      addRow(e.row, [from, gFrom], wanted, to, (offset) => {
        const g = f.local('v128');
        return [
          () => distance(e, offset).get(gFrom).load('v128.load', offset).tee(g).op(e.op('mul')),
          ...(wanted.length > 1 ? [() => f.get(g)] : []),
        ];
      }),
    );
    sumAlong.total().set(partAlong);
    if (wanted.length > 1) sumOfG.total().set(partG);
    if (e.scales) storeOfPart(e);
    for (const [sum, part] of [
      [total, partG],
      [along, partAlong],
    ] as const) {
      f.get(part);
      if (e.scalesFirst) f.get(e.factor).op('f64.mul');
      f.get(sum).op('f64.add').set(sum);
    }
  });
}

/** Pushes the gradient by a vector of x. */
function pushGradient(e: Emitting, offset: number): void {
  const { f, t, v, op, gFrom, scalesFirst } = e;
  const fromMean = (): FunctionBuilder => distance(e, offset);
  const gradient = (): FunctionBuilder => f.get(gFrom).load('v128.load', offset);
  const centred = (): void => {
    gradient();
    if (v.centered && !scalesFirst) f.get(e.centers).op(op('sub'));
  };
  const factors = (): FunctionBuilder => f.get(e.factors);
  const slopes = (): FunctionBuilder => f.get(e.slopes);
  if (v.scalesLast) {
    multiplyAdd(f, t, fromMean, slopes, centred);
    factors().op(op('mul'));
  } else if (scalesFirst && v.centered) {
    multiplyAdd(f, t, gradient, factors, () => multiplyAdd(f, t, fromMean, slopes, () => f.get(e.centers)));
  } else multiplyAdd(f, t, centred, factors, () => fromMean().get(e.slopes).op(op('mul')));
}

/** The gradients by the elements of a group, of its sums. */
function emitResults(e: Emitting): void {
  const { f, p, t, v, start, from, gFrom, to, count, rstd, total, along, slope } = e;
  if (v.scalesLast) {
    f.get(along).get(rstd).op('f64.mul').get(rstd).op('f64.mul').get(count).op('f64.div').op('f64.neg');
    f.set(slope).get(total).get(count).op('f64.div');
  } else {
    pushSlope(f, rstd, along, count).set(slope);
    pushCenter(f, e);
    if (e.scalesFirst) f.get(rstd).op('f64.mul').op('f64.neg');
  }
  f.splatF64(t.lane).set(e.centers);
  f.get(slope).splatF64(t.lane).set(e.slopes);
  eachPart(e, () => {
    f.get(rstd);
    if (e.scales) f.get(e.factor).op('f64.mul');
    f.splatF64(t.lane).set(e.factors);
    eachBlock(f, p, [from, gFrom, to], e.block, () =>
      e.row.write([to], [from, gFrom, to], (step) => pushGradient(e, step.offset)),
    );
  });
  if (e.scales) f.get(start.toWeight).set(p.toWeight).get(start.toBias).set(p.toBias);
}

/** Writes `backward`. */
export function emitBackward(module: ModuleBuilder, t: RowConfig, v: Variant): void {
  module.define({ export: 'backward' }, backwardParams, (f, p) => {
    const e = emitting(f, p, t, v);
    const { group, weight, bytes, variance } = e;
    f.get(p.outer).get(p.inner).op('i32.mul').op('f64.convert_i32_s').set(e.count);
    f.get(p.inner).i32Const(t.bytes).op('i32.mul').set(bytes);
    f.countdown(p.samples, 1, () => {
      f.get(p.weight).set(weight).get(p.groups).set(group);
      f.countdown(group, 1, () => {
        if (v.centered) {
          pushNumber(f, t, p.means).tee(e.mean).splatF64(t.lane).set(e.means);
          f.bump(p.means, { bytes: t.bytes });
        }
        pushNumber(f, t, p.variances).set(variance);
        f.bump(p.variances, { bytes: t.bytes });
        pushRstd(f, variance, p.eps).set(e.rstd);
        if (e.followsMean) sumsAsPyTorch(f, e, () => emitSums(e));
        else emitSums(e);
        emitResults(e);
        for (const pointer of [p.x, p.g, p.toX]) f.bump(pointer, { local: bytes });
        if (e.scales) f.get(e.at).set(weight);
      });
    });
  });
}
