/** Cross-entropy of dense logits whose classes lie apart: blocks of columns, one for each position behind them. */

import type { TypedArray } from '../../../dtype.ts';
import type { Extent, FloatArray, Strided } from '../../strided/index.ts';
import { align16, ensureBytes, f32, f64 } from '../../wasm/index.ts';
import { FEW_COLUMNS } from '../columns.ts';
import { type CrossEntropyTarget, scaleOf } from '../cross-entropy-target.ts';
import { columnKernels } from './column-kernels.ts';

/** Elements of the logits in scratch at a time, unless a few columns have more. */
const CHUNK = 8192;

/** How many positions of n classes are worked on at a time, and bytes from one class of those to the next. */
export function blockOf({ n, inner }: Extent, bytes: number): { width: number; pitch: number } {
  const width = Math.min(inner, Math.max(FEW_COLUMNS, Math.floor(CHUNK / n)));
  return { width, pitch: align16(((width + 3) & ~3) * bytes) };
}

/** Brings m positions of each of n rows into scratch, `step` apart; a single row of numbers stands for all positions. */
function load(
  from: Strided,
  { n, inner }: Extent,
  first: number,
  m: number,
  scratch: FloatArray,
  at: number,
  step: number,
): void {
  const { array } = from.storage;
  for (let c = 0; c < n; c++) {
    const to = at + c * step;
    if (from.shape.length === 1) {
      scratch.fill(array[from.offset + c]!, to, to + m);
    } else {
      const start = from.offset + first + c * inner;
      scratch.set(array.subarray(start, start + m), to);
    }
  }
}

/** Like `crossEntropy`, for dense logits (and spread) of this extent. */
export function crossEntropyColumns(
  x: Strided,
  extent: Extent,
  target: CrossEntropyTarget,
  unit: number,
  grad: TypedArray | null,
  losses: TypedArray | null,
): number {
  const { outer, n, inner } = extent;
  const { classes, ignoreIndex, onClass, weight, spread } = target;
  const bytes = x.dtype === 'float64' ? 8 : 4;
  const { columns } = columnKernels(bytes === 8 ? 'f64' : 'f32');
  const { width, pitch } = blockOf(extent, bytes);
  const step = pitch / bytes;
  const [maximaAt, logSumsAt, lossesAt, xAt] = [pitch, 2 * pitch, 3 * pitch, 4 * pitch];
  const gradAt = xAt + n * pitch;
  const spreadAt = gradAt + n * pitch;
  ensureBytes(spreadAt + n * pitch + 64);
  const scratch: FloatArray = bytes === 8 ? f64 : f32;
  // Of elements, as the loops below count.
  const [logits, slopes, maxima] = [xAt / bytes, gradAt / bytes, maximaAt / bytes];
  const [logSums, spreadLosses] = [logSumsAt / bytes, lossesAt / bytes];

  /** The loss of positions `i` to `i + m` of sample `o`. */
  const block = (o: number, i: number, m: number): number => {
    const first = o * inner + i;
    const start = o * n * inner + i;
    load(x, extent, start, m, scratch, logits, step);
    if (spread !== null) load(spread, extent, start, m, scratch, spreadAt / bytes, step);
    for (let r = 0; r < m; r++) scratch[r] = unit * scaleOf(target, first + r);
    const [gradOrNot, spreadOrNot] = [grad === null ? 0 : gradAt, spread === null ? 0 : spreadAt];
    columns(m, n, pitch, xAt, gradOrNot, spreadOrNot, 0, maximaAt, logSumsAt, lossesAt, unit);

    let total = 0;
    for (let r = 0; r < m; r++) {
      const row = first + r;
      let loss = 0;
      if (classes === null || classes[row] !== ignoreIndex) {
        if (spread !== null) loss = scratch[spreadLosses + r]!;
        if (classes !== null) {
          const t = classes[row]!;
          const own = t * step + r;
          const scale = weight === null ? onClass : onClass * weight[t]!;
          const shifted = scratch[logits + own]! - scratch[maxima + r]!;
          loss += scale * (scratch[logSums + r]! - shifted);
          if (grad !== null) scratch[slopes + own]! -= unit * scale;
        }
      } else if (grad !== null) {
        // Without a sum of exponentials the gradient is NaN, as in PyTorch.
        const nothing = Number.isNaN(scratch[logSums + r]) ? Number.NaN : 0;
        for (let c = 0; c < n; c++) scratch[slopes + c * step + r] = nothing;
      }
      if (losses !== null) losses[row] = loss;
      total += loss;
    }
    if (grad !== null) {
      for (let c = 0; c < n; c++) {
        const from = slopes + c * step;
        grad.set(scratch.subarray(from, from + m), (o * n + c) * inner + i);
      }
    }
    return total;
  };

  let total = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i += width) total += block(o, i, Math.min(width, inner - i));
  }
  return total;
}
