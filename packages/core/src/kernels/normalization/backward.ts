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
 * shift = -rstd sum(w g) / n.
 */
export function pushSlope(f: FunctionBuilder, rstd: number, along: number, count: number): FunctionBuilder {
  f.get(along).get(rstd).op('f64.mul').get(rstd).op('f64.mul').get(rstd).op('f64.mul');
  return f.get(count).op('f64.div').op('f64.neg');
}
export const pushShift = (f: FunctionBuilder, rstd: number, total: number, count: number): FunctionBuilder =>
  f.get(total).get(rstd).op('f64.mul').get(count).op('f64.div').op('f64.neg');

/** Writes `backward`. */
export function emitBackward(module: ModuleBuilder, t: RowConfig, v: Variant): void {
  const op = (name: 'sub' | 'mul' | 'add') => `${t.vector}.${name}` as const;
  const scales = v.form === 'parts';
  module.define({ export: 'backward' }, backwardParams, (f, p) => {
    const row = new RowEmitter(f, t, p.run);
    const [sumOfG, sumAlong] = [new Sum(f, t), new Sum(f, t)];
    const { group, block, piece, weight, at, from, gFrom, to, bytes } = f.locals(
      'i32',
      ...(['group', 'block', 'piece', 'weight', 'at', 'from', 'gFrom', 'to', 'bytes'] as const),
    );
    const start = f.locals('i32', 'x', 'g', 'to');
    const { count, mean, variance, rstd, factor, partG, partAlong, total, along, toWeight } = f.locals(
      'f64',
      ...(['count', 'mean', 'variance', 'rstd', 'factor'] as const),
      ...(['partG', 'partAlong', 'total', 'along', 'toWeight'] as const),
    );
    const { means, g, d, factors, slopes, shifts, centers } = f.locals(
      'v128',
      ...(['means', 'g', 'd', 'factors', 'slopes', 'shifts', 'centers'] as const),
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
          f.get(partAlong).get(rstd).op('f64.mul').set(toWeight);
          storeNumber(f, t, p.toWeight, toWeight);
          storeNumber(f, t, p.toBias, partG);
          for (const pointer of [p.toWeight, p.toBias]) f.bump(pointer, { bytes: t.bytes });
        }
        for (const [sum, part] of [
          [total, partG],
          [along, partAlong],
        ] as const) {
          f.get(part);
          if (scales) f.get(factor).op('f64.mul');
          f.get(sum).op('f64.add').set(sum);
        }
      });
    };
    const results = (): void => {
      pushSlope(f, rstd, along, count).splatF64(t.lane).set(slopes);
      if (scales) pushShift(f, rstd, total, count).splatF64(t.lane).set(shifts);
      else f.get(total).get(count).op('f64.div').splatF64(t.lane).set(centers);
      eachPart(() => {
        f.get(rstd);
        if (scales) f.get(factor).op('f64.mul');
        f.splatF64(t.lane).set(factors);
        eachBlock(f, p, [from, gFrom, to], block, () =>
          row.eachVector(
            [from, gFrom, to],
            (step) => {
              const slope = (): void => void distance(step.offset).get(slopes).op(op('mul'));
              const gradient = (): FunctionBuilder => f.get(gFrom).load('v128.load', step.offset);
              const factor = (): void => void f.get(factors);
              if (v.form === 'plain') {
                // That of a group of one element is exactly 0.
                const centred = (): void => {
                  gradient();
                  if (v.centered) f.get(centers).op(op('sub'));
                };
                multiplyAdd(f, t, centred, factor, slope);
              } else if (v.centered) {
                multiplyAdd(f, t, gradient, factor, () =>
                  multiplyAdd(
                    f,
                    t,
                    () => distance(step.offset),
                    () => f.get(slopes),
                    () => f.get(shifts),
                  ),
                );
              } else multiplyAdd(f, t, gradient, factor, slope);
              f.set(d);
              row.store(to, d, step);
            },
            { unroll: 2 },
          ),
        );
      });
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
        sums();
        results();
        for (const pointer of [p.x, p.g, p.toX]) f.bump(pointer, { local: bytes });
        if (scales) f.get(at).set(weight);
      });
    });
  });
}
