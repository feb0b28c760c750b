/** Cross-entropy of logits, loss and gradient in one pass, without the log-softmax in between. */

import type { TypedArray } from '../../../dtype.ts';
import { extentOf, type Strided } from '../../strided/index.ts';
import { align16, ensureBytes, f32, f64, i32 } from '../../wasm/index.ts';
import { dimLast, load, store } from '../chunks.ts';
import { FEW_COLUMNS } from '../columns.ts';
import { type CrossEntropyTarget, IGNORED, isIgnored, NO_CLASS, scaleOf } from '../cross-entropy-target.ts';
import { isLong, longCrossEntropy } from '../long-rows.ts';
import { crossEntropyColumns } from './columns.ts';
import { crossEntropyKernels } from './row-kernels.ts';

/** Elements of the logits in scratch at a time, unless a single row is longer. */
const CHUNK = 8192;

/**
 * The losses of the rows of `x` along `dim` (normalised): -sum(q * logSoftmax(x)). Returns their sum. Each goes to
 * `losses`, where that is given; and the gradient by x, times `unit`, to `grad`, laid out as a contiguous tensor of x's
 * shape.
 */
export function crossEntropyRows(
  x: Strided,
  dim: number,
  target: CrossEntropyTarget,
  unit: number,
  grad: TypedArray | null,
  losses: TypedArray | null = null,
): number {
  const { outer, n, inner } = extentOf(x.shape, dim);
  const total = outer * inner;
  if (total === 0) return 0;
  if (isLong(x, dim)) return longCrossEntropy(x, dim, target, unit, grad, losses);
  if (inner >= FEW_COLUMNS && x.dense && (target.spread === null || target.spread.dense)) {
    return crossEntropyColumns(x, { outer, n, inner }, target, unit, grad, losses);
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
    sum = run(
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
      sum,
    );
    if (losses !== null) {
      for (let r = 0; r < rows; r++) losses[first + r] = f64[lossesAt / 8 + r]!;
    }
    if (grad !== null) store(scratch, gradAt / bytes, { first, rows, n }, inner, grad, 0);
  }
  return sum;
}

/** Writes class and scale of each row to scratch: the classes at `at`, in words, the scales at 0. */
function loadTargets(target: CrossEntropyTarget, first: number, rows: number, at: number): void {
  const targets = i32;
  const scales = f64;
  for (let r = 0; r < rows; r++) {
    const row = first + r;
    targets[at + r] = isIgnored(target, row) ? IGNORED : (target.classes?.[row] ?? NO_CLASS);
    scales[r] = scaleOf(target, row);
  }
}
