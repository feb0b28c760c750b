/** Cross-entropy of logits, loss and gradient in one pass, without the log-softmax in between. */

import type { TypedArray } from '../../dtype.ts';
import { IndexError } from '../../errors.ts';
import { type Extent, extentOf, type Strided } from '../strided/index.ts';
import { align16, ensureBytes, f32, f64, i32 } from '../wasm/index.ts';
import { dimLast, load } from './chunks.ts';
import { columnKernels } from './cross-entropy-column-kernels.ts';
import { crossEntropyKernels } from './cross-entropy-kernels.ts';

/** The target distribution q of each row, over the classes. */
export interface CrossEntropyTarget {
  /** The class of each row, which holds `onClass` of its weight; `null` where `spread` says all. */
  readonly classes: TypedArray | null;
  readonly onClass: number;
  /** Rows of this class count for nothing. */
  readonly ignoreIndex: number;
  /** A weight for each class; `null` for 1. It is part of `spread` already. */
  readonly weight: TypedArray | null;
  /** What is added to q: one row for all (a tensor of one dimension), or a tensor of the shape of the logits. */
  readonly spread: Strided | null;
}

/** Elements of the logits in scratch at a time, unless a single row is longer. */
const CHUNK = 8192;
/** From this many positions on behind the classes, they are worked on side by side. */
const fewPositions = 4;

/**
 * Checks that each of `classes` is a class or `ignoreIndex`, and returns the sum of the weights of those that count: what the
 * mean divides by. `shape` is that of the targets: an error names the place, and `caller`.
 */
export function crossEntropyDenominator(
  classes: TypedArray,
  count: number,
  ignoreIndex: number,
  weight: TypedArray | null,
  shape: readonly number[],
  caller: string,
): number {
  let total = 0;
  for (let i = 0; i < classes.length; i++) {
    const t = classes[i]!;
    if (t === ignoreIndex) continue;
    if (t < 0 || t >= count) throw noSuchClass(t, i, count, ignoreIndex, shape, caller);
    total += weight === null ? 1 : weight[t]!;
  }
  return total;
}

function noSuchClass(
  t: number,
  i: number,
  count: number,
  ignoreIndex: number,
  shape: readonly number[],
  caller: string,
): IndexError {
  const place: number[] = [];
  let rest = i;
  for (let d = shape.length - 1; d >= 0; d--) {
    place.unshift(rest % shape[d]!);
    rest = Math.floor(rest / shape[d]!);
  }
  return new IndexError(
    `${caller}: Target ${t} is out of bounds: at position [${place.join(', ')}], where the input has ${count} classes; expected ` +
      `0 to ${count - 1}, or ignoreIndex (${ignoreIndex}) to leave the element out`,
  );
}

/**
 * The losses of the rows of `x` along `dim` (normalised): -sum(q * logSoftmax(x)). Returns their sum. Each goes to `losses` from
 * `lossOffset` on, where that is given; and the gradient by x, times `unit`, to `grad`, laid out as a contiguous tensor of
 * x's shape.
 */
export function crossEntropy(
  x: Strided,
  dim: number,
  target: CrossEntropyTarget,
  unit: number,
  grad: TypedArray | null,
  losses: TypedArray | null = null,
  lossOffset = 0,
): number {
  const { outer, n, inner } = extentOf(x.shape, dim);
  const total = outer * inner;
  if (total === 0) return 0;
  if (inner >= fewPositions && x.dense && (target.spread === null || target.spread.dense)) {
    return new Columns(x, { outer, n, inner }, target, unit, grad, losses, lossOffset).run();
  }
  const double = x.dtype === 'float64';
  const bytes = double ? 8 : 4;
  const { spread } = target;
  const group = Math.min(total, Math.max(1, Math.floor(CHUNK / Math.max(1, n))));
  const lossesAt = align16(8 * group);
  const targetsAt = lossesAt + align16(8 * group);
  const xAt = targetsAt + align16(4 * group);
  const slot = align16(group * n * bytes + 64);
  const gradAt = xAt + slot;
  const spreadAt = gradAt + slot;
  ensureBytes(spreadAt + slot);
  const scratch = double ? f64 : f32;
  const { crossEntropy: run } = crossEntropyKernels(double ? 'f64' : 'f32');

  const rowsOfX = dimLast(x, dim);
  const shared = spread !== null && spread.shape.length === 1 && x.shape.length !== 1;
  const rowsOfSpread = spread === null || shared ? spread : dimLast(spread, dim);
  if (shared) load(spread, 0, n, scratch, spreadAt / bytes);
  let sum = 0;
  for (let first = 0; first < total; first += group) {
    const rows = Math.min(group, total - first);
    load(rowsOfX, first * n, rows * n, scratch, xAt / bytes);
    if (rowsOfSpread !== null && !shared) load(rowsOfSpread, first * n, rows * n, scratch, spreadAt / bytes);
    loadTargets(target, first, rows, targetsAt >>> 2);
    sum += run(
      rows,
      n,
      xAt,
      targetsAt,
      0,
      spread === null ? 0 : spreadAt,
      spread === null || shared ? 0 : n * bytes,
      lossesAt,
      grad === null ? 0 : gradAt,
      unit,
    );
    if (losses !== null) {
      for (let r = 0; r < rows; r++) losses[lossOffset + first + r] = f64[lossesAt / 8 + r]!;
    }
    if (grad !== null) store(scratch, gradAt / bytes, first, rows, n, inner, grad);
  }
  return sum;
}

/** Writes class and scale of each row to scratch: the classes at `at`, in words, the scales at 0. */
function loadTargets(target: CrossEntropyTarget, first: number, rows: number, at: number): void {
  const { classes, weight, onClass, ignoreIndex } = target;
  const targets = i32;
  const scales = f64;
  if (classes === null) {
    targets.fill(0, at, at + rows);
    scales.fill(0, 0, rows);
    return;
  }
  for (let r = 0; r < rows; r++) {
    const t = classes[first + r]!;
    targets[at + r] = t === ignoreIndex ? -1 : t;
    scales[r] = weight === null || t === ignoreIndex ? onClass : onClass * weight[t]!;
  }
}

function store(
  scratch: Float32Array | Float64Array,
  from: number,
  first: number,
  rows: number,
  n: number,
  inner: number,
  out: TypedArray,
): void {
  if (inner === 1) {
    out.set(scratch.subarray(from, from + rows * n), first * n);
    return;
  }
  for (let r = 0; r < rows; r++) {
    const row = first + r;
    const i = row % inner;
    let to = (row - i) * n + i;
    const start = from + r * n;
    for (let c = 0; c < n; c++) {
      out[to] = scratch[start + c]!;
      to += inner;
    }
  }
}

/** {@link crossEntropy} of dense logits whose classes lie apart: blocks of columns, one for each position behind them. */
class Columns {
  private readonly x: Strided;
  private readonly extent: Extent;
  private readonly target: CrossEntropyTarget;
  private readonly unit: number;
  private readonly grad: TypedArray | null;
  private readonly losses: TypedArray | null;
  private readonly lossOffset: number;
  private readonly bytes: 4 | 8;
  /** Positions in a block, and elements from one row of it to the next. */
  private readonly width: number;
  private readonly pitch: number;

  constructor(
    x: Strided,
    extent: Extent,
    target: CrossEntropyTarget,
    unit: number,
    grad: TypedArray | null,
    losses: TypedArray | null,
    lossOffset: number,
  ) {
    this.x = x;
    this.extent = extent;
    this.target = target;
    this.unit = unit;
    this.grad = grad;
    this.losses = losses;
    this.lossOffset = lossOffset;
    this.bytes = x.dtype === 'float64' ? 8 : 4;
    this.width = Math.min(extent.inner, Math.max(fewPositions, Math.floor(CHUNK / extent.n)));
    this.pitch = (this.width + 3) & ~3;
  }

  run(): number {
    const { outer, inner } = this.extent;
    let total = 0;
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i += this.width) total += this.block(o, i, Math.min(this.width, inner - i));
    }
    return total;
  }

  /** The loss of positions `i` to `i + m` of sample `o`. */
  private block(o: number, i: number, m: number): number {
    const { x, bytes, grad, unit, target } = this;
    const { n, inner } = this.extent;
    const { spread } = target;
    const first = o * inner + i;
    const pitch = align16(this.pitch * bytes);
    const [maximaAt, logSumsAt, lossesAt, xAt] = [pitch, 2 * pitch, 3 * pitch, 4 * pitch];
    const gradAt = xAt + n * pitch;
    const spreadAt = gradAt + n * pitch;
    ensureBytes(spreadAt + n * pitch + 64);
    const scratch = bytes === 8 ? f64 : f32;
    const step = pitch / bytes;
    this.load(x, xAt / bytes, step, o, i, m);
    if (spread !== null) this.load(spread, spreadAt / bytes, step, o, i, m);
    for (let r = 0; r < m; r++) scratch[r] = unit * this.scaleOf(first + r);
    const { columns } = columnKernels(bytes === 8 ? 'f64' : 'f32');
    columns(
      m,
      n,
      pitch,
      xAt,
      grad === null ? 0 : gradAt,
      spread === null ? 0 : spreadAt,
      0,
      maximaAt,
      logSumsAt,
      lossesAt,
      unit,
    );

    let total = 0;
    for (let r = 0; r < m; r++) {
      const t = target.classes === null ? 0 : target.classes[first + r]!;
      const scale = this.scaleOf(first + r);
      const column = xAt / bytes + r;
      const gradient = gradAt / bytes + r;
      let loss = 0;
      if (target.classes === null || t !== target.ignoreIndex) {
        if (spread !== null) loss = scratch[lossesAt / bytes + r]!;
        // A scale of 0 leaves the class out, be its logit -Infinity.
        if (scale !== 0) {
          const shifted = scratch[column + t * step]! - scratch[maximaAt / bytes + r]!;
          loss += scale * (scratch[logSumsAt / bytes + r]! - shifted);
          if (grad !== null) scratch[gradient + t * step]! -= unit * scale;
        }
      } else if (grad !== null) {
        for (let c = 0; c < n; c++) scratch[gradient + c * step] = 0;
      }
      if (this.losses !== null) this.losses[this.lossOffset + first + r] = loss;
      total += loss;
    }
    if (grad !== null) {
      for (let c = 0; c < n; c++) {
        const from = gradAt / bytes + c * step;
        grad.set(scratch.subarray(from, from + m), (o * n + c) * inner + i);
      }
    }
    return total;
  }

  /** Brings a block of rows into scratch, from element `at` on; a single row of numbers stands for all positions. */
  private load(from: Strided, at: number, step: number, o: number, i: number, m: number): void {
    const { n, inner } = this.extent;
    const scratch = this.bytes === 8 ? f64 : f32;
    const array = from.storage.array;
    for (let c = 0; c < n; c++) {
      if (from.shape.length === 1) {
        scratch.fill(array[from.offset + c]!, at + c * step, at + c * step + m);
      } else {
        const start = from.offset + (o * n + c) * inner + i;
        scratch.set(array.subarray(start, start + m), at + c * step);
      }
    }
  }

  /** What the target of row number `row` gives to its class; 0 where there is none. */
  private scaleOf(row: number): number {
    const { classes, onClass, weight, ignoreIndex } = this.target;
    if (classes === null) return 0;
    const t = classes[row]!;
    if (t === ignoreIndex) return 0;
    return weight === null ? onClass : onClass * weight[t]!;
  }
}
