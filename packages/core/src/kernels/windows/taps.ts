/**
 * Sums of elements at places, each times a weight of its own; and of these three, elements, weights and sums, each made
 * of the two others.
 */

import { bytesOf, type DType, type TypedArray } from '../../dtype.ts';
import { dtypeOf, recordCall, recorder } from '../recording/index.ts';
import { copyRun } from '../strided/index.ts';
import { is, plus, times } from '../wasm/formulas.ts';
import {
  align16,
  ensureBytes,
  f32,
  f64,
  i32,
  i32Params,
  ModuleBuilder,
  memoized,
  roomBehindScratch,
  scratchLimit,
} from '../wasm/index.ts';
import { PointEmitter } from './point-emitter.ts';

/**
 * In each of so many samples `taps` elements of each channel's plane, of `size` elements, belong to each of `points`.
 */
interface TapSizes {
  readonly batch: number;
  readonly channels: number;
  readonly points: number;
  readonly taps: number;
  readonly size: number;
}

/** x (batch, channels, size), index and weights (batch, taps, points), y (batch, channels, points). */
interface TapArrays {
  readonly x: TypedArray;
  readonly index: TypedArray;
  readonly weights: TypedArray;
  readonly y: TypedArray;
}

/** Which of these is made of the others. */
export type MadeOfTaps = 'x' | 'weights' | 'y';

type Kernel = (...args: number[]) => void;

/**
 * The functions of sizes and addresses, as {@link TapSizes} and {@link TapArrays} name them; `before`: how many
 * channels have been summed up in weights.
 */
const kernels = memoized((dtype: DType): Readonly<Record<MadeOfTaps, Kernel>> => {
  const bytes = bytesOf(dtype);
  const module = new ModuleBuilder();
  const params = i32Params(
    ...(['batch', 'channels', 'points', 'taps', 'size'] as const),
    ...(['x', 'index', 'weights', 'y', 'before'] as const),
  );
  for (const made of ['x', 'weights', 'y'] as const) {
    module.define({ export: made }, params, (f, p) => {
      const v = f.locals('i32', 'n', 'c', 'k', 'left', 'index', 'weights', 'y');
      const clear = (at: number, ...sizes: readonly number[]): void => {
        f.get(at)
          .i32Const(0)
          .push(times(is(bytes), ...sizes))
          .memoryFill();
      };
      if (made === 'x') clear(p.x, p.batch, p.channels, p.size);
      if (made === 'weights') {
        f.get(p.before).op('i32.eqz').if();
        clear(p.weights, p.batch, p.taps, p.points);
        f.end();
      }
      const one = new PointEmitter(f, dtype, 1);
      // What is spread may meet in one place: that goes point by point.
      const emitters = made === 'x' ? [one] : [new PointEmitter(f, dtype, 16 / bytes), one];
      for (const emitter of emitters) emitter.begin(p.size);
      f.upTo(v.n, p.batch, is(1), () => {
        f.upTo(v.c, p.channels, is(1), () => {
          f.get(p.index).set(v.index).get(p.weights).set(v.weights);
          f.upTo(v.k, p.taps, is(1), () => {
            f.get(p.y).set(v.y).get(p.points).set(v.left);
            for (const emitter of emitters) {
              const { points } = emitter;
              f.countdown(v.left, points, () => {
                if (made === 'x') emitter.spread(p.x, v, p.size);
                else {
                  emitter.take(p.x, v.index, p.size);
                  if (made === 'y') emitter.add(v.y, v.weights, v.k);
                  else emitter.add(v.weights, v.y, null);
                }
                f.bump(v.index, { bytes: 4 * points });
                f.bump(v.weights, { bytes: bytes * points }).bump(v.y, { bytes: bytes * points });
              });
            }
          });
          f.put(p.x, plus(p.x, times(p.size, is(bytes))));
          f.put(p.y, plus(p.y, times(p.points, is(bytes))));
        });
        f.put(p.index, plus(p.index, times(p.taps, p.points, is(4))));
        f.put(p.weights, plus(p.weights, times(p.taps, p.points, is(bytes))));
      });
    });
  }
  return module.instantiate();
});

/** Bytes of planes and their points in scratch at a time. */
const partBytes = 1 << 18;

/**
 * y[n, c, p] = sum over k of x[n, c, index[n, k, p]] weights[n, k, p], where an index that is none of a plane stands
 * for an element 0; `made` is that of the three which is made of the two others: x and weights are the gradients that
 * reach them of one to y.
 */
export function sumTaps(made: MadeOfTaps, sizes: TapSizes, arrays: TapArrays): void {
  const { batch, channels, points, taps, size } = sizes;
  const { x, index, weights, y } = arrays;
  const dtype = dtypeOf(x);
  const kernel = kernels(dtype)[made];
  const out = arrays[made];
  if (out.length === 0) return;
  if (recorder !== null) {
    const args = [batch, channels, points, taps, size, x, index, weights, y, 0];
    recordCall(`taps_${made}`, kernel, args, { writes: [out] });
    return;
  }
  const bytes = bytesOf(dtype);
  const ofTaps = taps * points;
  const ofChannel = bytes * (size + points);
  const atOnce = Math.max(1, Math.min(channels, Math.floor(partBytes / ofChannel)));
  const weightsAt = align16(4 * ofTaps);
  const xAt = align16(weightsAt + bytes * ofTaps);
  const yAt = align16(xAt + bytes * atOnce * size);
  const end = yAt + bytes * atOnce * points;
  const base = end > scratchLimit ? roomBehindScratch(end) : 0;
  if (base === 0) ensureBytes(end);
  const scratch = bytes === 8 ? f64 : f32;
  const place = (at: number): number => (base + at) / bytes;
  for (let n = 0; n < batch; n++) {
    copyRun(index, n * ofTaps, ofTaps, i32, base / 4);
    if (made !== 'weights') copyRun(weights, n * ofTaps, ofTaps, scratch, place(weightsAt));
    let c = 0;
    do {
      const count = Math.min(atOnce, channels - c);
      const from = n * channels + c;
      if (made !== 'x') copyRun(x, from * size, count * size, scratch, place(xAt));
      if (made !== 'y') copyRun(y, from * points, count * points, scratch, place(yAt));
      const [ofX, ofY] = [base + xAt, base + yAt];
      kernel(1, count, points, taps, size, ofX, base, base + weightsAt, ofY, c);
      if (made === 'x') copyRun(scratch, place(xAt), count * size, x, from * size);
      if (made === 'y') copyRun(scratch, place(yAt), count * points, y, from * points);
      c += atOnce;
    } while (c < channels);
    if (made === 'weights') copyRun(scratch, place(weightsAt), ofTaps, weights, n * ofTaps);
  }
}
