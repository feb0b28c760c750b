/** The WebAssembly kernel of the derivative of {@link emitForward} where factors, if any, are those of parts. */

import { type RowConfig, RowEmitter } from '../rows/index.ts';
import type { FunctionBuilder, ModuleBuilder } from '../wasm/index.ts';
import { eachBlock, pushNumber, pushRstd, sizes, storeNumber } from './forward.ts';
import type { Variant } from './grouping.ts';
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
 * With xhat = (x - mean) rstd, the gradient by x is rstd w g + (x - mean) slope + shift, where slope = -rstd^3 sum(w g (x - mean)) / n and
 * shift = -rstd sum(w g) / n. Pushes the slope.
 */
export function pushSlope(f: FunctionBuilder, rstd: number, along: number, count: number): FunctionBuilder {
  f.get(along).get(rstd).op('f64.mul').get(rstd).op('f64.mul');
  return f.get(count).op('f64.div').op('f64.neg').get(rstd).op('f64.mul');
}

/**
 * Pushes what is taken from each w g where the gradient by x is rstd (w g - that) + (x - origin) slope, and the mean lies `rest` from the
 * origin.
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
 * Runs `sums`, which finds `total`, and `along` with the distances from `means`; where these are not finite, once more with x itself: PyTorch adds
 * up its products, subtracts `mean` times the total, and has x, not its distance, meet what became of them. Then `means` is 0, and
 * `rest`, else 0, the mean.
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

/** Writes `backward`. */
export function emitBackward(module: ModuleBuilder, t: RowConfig, v: Variant): void {
  const op = (name: 'sub' | 'mul' | 'add') => `${t.vector}.${name}` as const;
  const scales = v.form === 'parts';
  const scalesFirst = scales && !v.scalesLast;
  const followsMean = v.centered && !v.scalesLast;
  module.define({ export: 'backward' }, backwardParams, (f, p) => {
    const row = new RowEmitter(f, t, p.run);
    const [sumOfG, sumAlong] = [new Sum(f, t), new Sum(f, t)];
    const { group, block, piece, weight, at, from, gFrom, to, bytes } = f.locals(
      'i32',
      ...(['group', 'block', 'piece', 'weight', 'at', 'from', 'gFrom', 'to', 'bytes'] as const),
    );
    const start = f.locals('i32', 'x', 'g', 'to', 'toWeight', 'toBias');
    const { count, mean, variance, rstd, factor, partG, partAlong, total, along, slope, rest } = f.locals(
      'f64',
      ...(['count', 'mean', 'variance', 'rstd', 'factor'] as const),
      ...(['partG', 'partAlong', 'total', 'along', 'slope', 'rest'] as const),
    );
    const { means, g, factors, slopes, centers } = f.locals(
      'v128',
      ...(['means', 'g', 'factors', 'slopes', 'centers'] as const),
    );
    const distance = (offset: number): FunctionBuilder => {
      f.get(from).load('v128.load', offset);
      return v.centered ? f.get(means).op(op('sub')) : f;
    };
    /** Runs `body` for each part: `from`, `gFrom` and `to` point to it in the first block, `factor` is its own. */
    const eachPart = (body: () => void): void => {
      f.get(p.x).set(start.x).get(p.g).set(start.g).get(p.toX).set(start.to);
      f.get(p.parts).set(piece);
      const one = (): void => {
        f.get(start.x).set(from).get(start.g).set(gFrom).get(start.to).set(to);
        body();
      };
      if (!scales) {
        one();
        return;
      }
      f.get(weight).set(at);
      f.countdown(piece, 1, () => {
        pushNumber(f, t, at).set(factor);
        f.bump(at, { bytes: t.bytes });
        one();
        row.nextRow([start.x, start.g, start.to]);
      });
    };
    const sums = (): void => {
      f.f64Const(0).set(total).f64Const(0).set(along);
      f.get(p.toWeight).set(start.toWeight).get(p.toBias).set(start.toBias);
      eachPart(() => {
        const wanted = v.centered || scales ? [sumAlong, sumOfG] : [sumAlong];
        for (const sum of wanted) sum.begin();
        eachBlock(f, p, [from, gFrom], block, () =>
          addRow(row, [from, gFrom], wanted, (offset) => [
            () => distance(offset).get(gFrom).load('v128.load', offset).tee(g).op(op('mul')),
            ...(wanted.length > 1 ? [() => f.get(g)] : []),
          ]),
        );
        sumAlong.total().set(partAlong);
        if (wanted.length > 1) sumOfG.total().set(partG);
        if (scales) {
          f.get(partAlong);
          if (followsMean) f.get(partG).get(rest).op('f64.mul').op('f64.sub');
          f.get(rstd).op('f64.mul').set(slope);
          storeNumber(f, t, start.toWeight, slope);
          storeNumber(f, t, start.toBias, partG);
          for (const pointer of [start.toWeight, start.toBias]) f.bump(pointer, { bytes: t.bytes });
        }
        for (const [sum, part] of [
          [total, partG],
          [along, partAlong],
        ] as const) {
          f.get(part);
          if (scalesFirst) f.get(factor).op('f64.mul');
          f.get(sum).op('f64.add').set(sum);
        }
      });
    };
    const results = (): void => {
      if (v.scalesLast) {
        f.get(along).get(rstd).op('f64.mul').get(rstd).op('f64.mul').get(count).op('f64.div').op('f64.neg');
        f.set(slope).get(total).get(count).op('f64.div');
      } else {
        pushSlope(f, rstd, along, count).set(slope);
        pushCenter(f, { total, count, slope, rest, rstd });
        if (scalesFirst) f.get(rstd).op('f64.mul').op('f64.neg');
      }
      f.splatF64(t.lane).set(centers);
      f.get(slope).splatF64(t.lane).set(slopes);
      eachPart(() => {
        f.get(rstd);
        if (scales) f.get(factor).op('f64.mul');
        f.splatF64(t.lane).set(factors);
        eachBlock(f, p, [from, gFrom, to], block, () =>
          row.write([to], [from, gFrom, to], (step) => {
            const slope = (): void => void distance(step.offset).get(slopes).op(op('mul'));
            const gradient = (): FunctionBuilder => f.get(gFrom).load('v128.load', step.offset);
            const centred = (): void => {
              gradient();
              if (v.centered && !scalesFirst) f.get(centers).op(op('sub'));
            };
            const factor = (): void => void f.get(factors);
            if (v.scalesLast) {
              multiplyAdd(
                f,
                t,
                () => distance(step.offset),
                () => f.get(slopes),
                centred,
              );
              f.get(factors).op(op('mul'));
            } else if (scalesFirst && v.centered) {
              multiplyAdd(f, t, gradient, factor, () =>
                multiplyAdd(
                  f,
                  t,
                  () => distance(step.offset),
                  () => f.get(slopes),
                  () => f.get(centers),
                ),
              );
            } else multiplyAdd(f, t, centred, factor, slope);
          }),
        );
      });
      if (scales) f.get(start.toWeight).set(p.toWeight).get(start.toBias).set(p.toBias);
    };
    f.get(p.outer).get(p.inner).op('i32.mul').op('f64.convert_i32_s').set(count);
    f.get(p.inner).i32Const(t.bytes).op('i32.mul').set(bytes);
    f.countdown(p.samples, 1, () => {
      f.get(p.weight).set(weight).get(p.groups).set(group);
      f.countdown(group, 1, () => {
        if (v.centered) {
          pushNumber(f, t, p.means).tee(mean).splatF64(t.lane).set(means);
          f.bump(p.means, { bytes: t.bytes });
        }
        pushNumber(f, t, p.variances).set(variance);
        f.bump(p.variances, { bytes: t.bytes });
        pushRstd(f, variance, p.eps).set(rstd);
        if (followsMean) sumsAsPyTorch(f, { mean, means, rest, total, along }, sums);
        else sums();
        results();
        for (const pointer of [p.x, p.g, p.toX]) f.bump(pointer, { local: bytes });
        if (scales) f.get(at).set(weight);
      });
    });
  });
}
