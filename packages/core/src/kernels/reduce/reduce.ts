/** Reductions of strided operands over any dimensions. */

import { type Lane, laneOf, type TypedArray } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { copyStrided, ElementwiseKernel, runElementwise } from '../elementwise/index.ts';
import { add } from '../expression/index.ts';
import { recorder } from '../recording/index.ts';
import {
  copyRun,
  denseOver,
  gather,
  type Strided,
  storeInt32,
  storeInt64,
  toInt32,
} from '../strided/index.ts';
import { align16, ensureBytes, f32, f64, i32 } from '../wasm/index.ts';
import { ROWS } from './column-kernels.ts';
import {
  type Accumulator,
  accumulatorOf,
  identityOf,
  type ReduceKind,
  type ReduceOptions,
  stepOf,
} from './kinds.ts';
import { type ReduceLayout, reduceLayout } from './layout.ts';
import { recordReduction } from './recorded.ts';
import { type ReduceKernels, reduceKernels } from './reduce-kernels.ts';
import { BLOCK } from './row-kernels.ts';

/**
 * Elements of columns in scratch at a time: few enough to stay in cache, and for a wide matrix enough for a block of
 * rows.
 */
const CHUNK = 8 * BLOCK;
/**
 * Of many rows, or long ones: so few that they are still in the nearest cache, with what they were copied from, when
 * they are reduced.
 */
const ROW_CHUNK = BLOCK;
/** Up to this many elements a loop in JavaScript beats the copy. It takes them in the order in which kernels do. */
const FEW = 24;

/** Addresses in scratch. */
const xAt = 0;
const outAt = align16(8 * CHUNK + 64);
const centerAt = align16(outAt + 8 * CHUNK + 64);
const scratchBytes = centerAt + 8 * CHUNK + 64;

const noOptions: ReduceOptions = {};

/**
 * Reduces `x` over `dims` (normalised, distinct) into `out` from `outOffset` on: the results lie contiguous, in the
 * order of the dimensions that are left.
 *
 * float32 sums are carried in float64 but for groups of 8 elements, float32 products in float64, sums of float64 in
 * blocks, those of integers wider than int32; in what order, row-kernels.ts and column-kernels.ts say. `out` is of x's
 * dtype, or wider: a Float64Array takes the unrounded results of float32, and integers go into any array. uint8 and
 * bool are reduced as int32. A reduction of no elements gives the identity (0, 1, an infinity, or int32's extremes).
 * @throws BeyondInt32 when a result goes into an Int32Array and does not fit
 */
export function reduce(
  kind: ReduceKind,
  x: Strided,
  dims: readonly number[],
  out: TypedArray,
  outOffset = 0,
  options: ReduceOptions = noOptions,
): void {
  const layout = reduceLayout(x, dims);
  if (layout.outer * layout.inner === 0) return;
  if (recorder !== null) {
    recordReduction(recorder, kind, layout, out, outOffset, options);
    return;
  }
  if (layout.x.count <= FEW && layout.x.dense) reduceFew(kind, layout, out, outOffset, options);
  else if (layout.n === 0) fillIdentity(kind, layout, out, outOffset, options);
  else new ChunkedReduction(kind, layout, out, outOffset, options).run();
}

/** divisor and root applied to one result. */
function finished(value: number, options: ReduceOptions): number {
  const quotient = options.divisor === undefined ? value : value / options.divisor;
  return options.root === true ? Math.sqrt(quotient) : quotient;
}

type Reduce = (
  kind: ReduceKind,
  layout: ReduceLayout,
  out: TypedArray,
  outOffset: number,
  options: ReduceOptions,
) => void;

const fillIdentity: Reduce = (kind, { x, outer, inner }, out, outOffset, options) => {
  const value = finished(identityOf(laneOf(x.dtype), kind), options);
  out.fill(value, outOffset, outOffset + outer * inner);
};

const reduceFew: Reduce = (kind, { outer, n, inner, x }, out, outOffset, options) => {
  const { array } = x.storage;
  const lane = laneOf(x.dtype);
  const identity = identityOf(lane, kind);
  const step = stepOf(kind);
  const whole = out instanceof Int32Array;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const result = o * inner + i;
      const center = options.center === undefined ? 0 : options.center[result]!;
      let at = x.offset + o * n * inner + i;
      let value = identity;
      for (let r = 0; r < n; r++) {
        value = step(value, array[at]!, center);
        at += inner;
      }
      out[outOffset + result] = whole ? toInt32(value) : finished(value, options);
    }
  }
};

/** A reduction in chunks: whole results where they fit, else parts of one result's elements after another. */
class ChunkedReduction {
  readonly #layout: ReduceLayout;
  readonly #kernels: ReduceKernels;
  readonly #scratch: TypedArray;
  readonly #accumulator: Accumulator;
  readonly #lane: Lane;
  readonly #out: TypedArray;
  readonly #outOffset: number;
  readonly #options: ReduceOptions;

  constructor(
    kind: ReduceKind,
    layout: ReduceLayout,
    out: TypedArray,
    outOffset: number,
    options: ReduceOptions,
  ) {
    const lane = laneOf(layout.x.dtype);
    ensureBytes(scratchBytes);
    this.#layout = layout;
    this.#kernels = reduceKernels(lane, kind);
    this.#lane = lane;
    this.#accumulator = accumulatorOf(lane, kind);
    this.#scratch = lane === 'f32' ? f32 : lane === 'f64' ? f64 : i32;
    this.#out = out;
    this.#outOffset = outOffset;
    this.#options = options;
  }

  run(): void {
    const { outer, n, inner } = this.#layout;
    const whole = n * inner;
    const chunk = inner === 1 && outer * n > CHUNK ? ROW_CHUNK : CHUNK;
    if (whole <= chunk) {
      const group = Math.floor(chunk / whole);
      for (let o = 0; o < outer; o += group) {
        const count = Math.min(group, outer - o);
        this.#load(o * whole, count * whole, 0);
        this.#loadCenters(o * inner, count * inner);
        this.#combine(count, n, inner, 0);
        this.#store(o * inner, count * inner);
      }
      return;
    }
    // Parts of columns are whole blocks, as are those of rows.
    const width = Math.min(inner, Math.floor(chunk / Math.min(n, ROWS)));
    const fitting = Math.floor(chunk / width);
    const depth = fitting >= n ? n : fitting - (fitting % ROWS);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i += width) {
        const columns = Math.min(width, inner - i);
        this.#loadCenters(o * inner + i, columns);
        for (let r = 0; r < n; r += depth) {
          const rows = Math.min(depth, n - r);
          this.#loadPart((o * n + r) * inner + i, rows, columns);
          this.#combine(1, rows, columns, r === 0 ? 0 : 1);
        }
        this.#store(o * inner + i, columns);
      }
    }
  }

  /** Copies `count` elements, from number `start` on in the order of the layout, into scratch from element `at` on. */
  #load(start: number, count: number, at: number): void {
    const { x } = this.#layout;
    if (x.dense) copyRun(x.storage.array, x.offset + start, count, this.#scratch, at);
    else gather(x, x.shape, start, count, this.#scratch, at);
  }

  /** {@link #load} of some columns of some rows. */
  #loadPart(start: number, rows: number, columns: number): void {
    const { inner } = this.#layout;
    if (columns === inner) {
      this.#load(start, rows * columns, 0);
      return;
    }
    for (let r = 0; r < rows; r++) this.#load(start + r * inner, columns, r * columns);
  }

  #loadCenters(start: number, count: number): void {
    const { center } = this.#options;
    if (center !== undefined) copyRun(center, start, count, f64, centerAt / 8);
  }

  #combine(outer: number, n: number, inner: number, accumulate: number): void {
    if (inner === 1) this.#kernels.rows(outer, n, xAt, outAt, centerAt, accumulate);
    else this.#kernels.columns(outer, n, inner, xAt, outAt, centerAt, accumulate);
  }

  #store(start: number, count: number): void {
    const out = this.#out;
    const { divisor, root } = this.#options;
    if (this.#lane === 'i32' && this.#accumulator !== 'i32') {
      this.#storeIntegers(start, count);
      return;
    }
    const wide = this.#accumulator === 'f64';
    const narrow = wide && this.#lane === 'f32' && !(out instanceof Float64Array);
    if (narrow || divisor !== undefined || root === true)
      this.#kernels.finish(count, outAt, divisor ?? 1, root === true ? 1 : 0, narrow ? 1 : 0);
    const results: TypedArray = wide ? (narrow ? f32 : f64) : this.#scratch;
    copyRun(results, outAt / results.BYTES_PER_ELEMENT, count, out, this.#outOffset + start);
  }

  /** Results that are wider than int32. */
  #storeIntegers(start: number, count: number): void {
    const out = this.#out;
    const to = this.#outOffset + start;
    if (this.#accumulator === 'i64') storeInt64(i32, outAt / 4, count, out, to);
    else if (out instanceof Int32Array) storeInt32(f64, outAt / 8, count, out, to);
    else copyRun(f64, outAt / 8, count, out, to);
  }
}

const sumOfBoth = new ElementwiseKernel('nearer_mean', 2, add);

/**
 * The mean and the variance of `x` over `dims`, in two passes: `variances[i]` = sum of (x - mean)^2 / (n - correction),
 * or its root where `root` is set. The mean that is subtracted is carried in float64; that of float64 elements is
 * brought nearer by that of what is left, so that equal elements have no variance. `means` may be left out. A divisor
 * that is not positive gives infinity or NaN, as in PyTorch.
 */
export function moments(
  x: Strided,
  dims: readonly number[],
  correction: number,
  root: boolean,
  variances: TypedArray,
  means?: TypedArray,
): void {
  const n = dims.reduce((size, d) => size * x.shape[d]!, 1);
  const results = n === 0 ? variances.length : x.count / n;
  const center = allocateArray('float64', results) as Float64Array;
  reduce('sum', x, dims, center, 0, { divisor: n });
  if (means !== undefined)
    copyStrided(denseOver(center, 'float64', [results], 0, results), means, 0, x.dtype);
  if (x.dtype === 'float64') {
    const rest = allocateArray('float64', results) as Float64Array;
    reduce('sumDeviations', x, dims, rest, 0, { center, divisor: n });
    const near = denseOver(center, 'float64', [results], 0, results);
    runElementwise(sumOfBoth, 'f64', [near, denseOver(rest, 'float64', [results], 0, results)], [], near);
  }
  reduce('sumCentered', x, dims, variances, 0, { center, divisor: Math.max(0, n - correction), root });
}
