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

/**
 * Brings m positions of each of n rows into scratch, `step` apart; a single row of numbers stands for all positions.
 */
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

/** Where rows of a block lie in scratch: addresses in bytes. */
interface Places {
  readonly maxima: number;
  readonly logSums: number;
  readonly losses: number;
  readonly x: number;
  readonly grad: number;
  readonly spread: number;
  readonly end: number;
}

function placesOf(n: number, pitch: number): Places {
  const x = 4 * pitch;
  const grad = x + n * pitch;
  const spread = grad + n * pitch;
  return { maxima: pitch, logSums: 2 * pitch, losses: 3 * pitch, x, grad, spread, end: spread + n * pitch };
}

/** What the losses of a block are made of, once the kernel has run. */
interface Block {
  readonly target: CrossEntropyTarget;
  readonly unit: number;
  readonly scratch: FloatArray;
  readonly at: Places;
  readonly bytes: number;
  /** Elements from one class to the next, and how many classes there are. */
  readonly step: number;
  readonly n: number;
  readonly withGrad: boolean;
}

/**
 * Adds what each position's own class has of loss and gradient; gives the sum of the losses of positions `first` to
 * `first + m`.
 */
function lossesOf(block: Block, first: number, m: number, losses: TypedArray | null): number {
  const { target, unit, scratch, at, bytes, step, n, withGrad } = block;
  const { classes, ignoreIndex, onClass, weight, spread } = target;
  const [logits, slopes, maxima] = [at.x / bytes, at.grad / bytes, at.maxima / bytes];
  const [logSums, spreadLosses] = [at.logSums / bytes, at.losses / bytes];
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
        if (withGrad) scratch[slopes + own]! -= unit * scale;
      }
    } else if (withGrad) {
      // Without a sum of exponentials the gradient is NaN, as in PyTorch.
      const nothing = Number.isNaN(scratch[logSums + r]) ? Number.NaN : 0;
      for (let c = 0; c < n; c++) scratch[slopes + c * step + r] = nothing;
    }
    if (losses !== null) losses[row] = loss;
    total += loss;
  }
  return total;
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
  const { spread } = target;
  const bytes = x.dtype === 'float64' ? 8 : 4;
  const { columns } = columnKernels(bytes === 8 ? 'f64' : 'f32');
  const { width, pitch } = blockOf(extent, bytes);
  const step = pitch / bytes;
  const at = placesOf(n, pitch);
  ensureBytes(at.end + 64);
  const scratch: FloatArray = bytes === 8 ? f64 : f32;
  const block: Block = { target, unit, scratch, at, bytes, step, n, withGrad: grad !== null };
  const [gradOrNot, spreadOrNot] = [grad === null ? 0 : at.grad, spread === null ? 0 : at.spread];

  /** The loss of positions `i` to `i + m` of sample `o`. */
  const run = (o: number, i: number, m: number): number => {
    const first = o * inner + i;
    const start = o * n * inner + i;
    load(x, extent, start, m, scratch, at.x / bytes, step);
    if (spread !== null) load(spread, extent, start, m, scratch, at.spread / bytes, step);
    for (let r = 0; r < m; r++) scratch[r] = unit * scaleOf(target, first + r);
    columns(m, n, pitch, at.x, gradOrNot, spreadOrNot, 0, at.maxima, at.logSums, at.losses, unit);
    const total = lossesOf(block, first, m, losses);
    if (grad !== null) {
      for (let c = 0; c < n; c++) {
        const from = at.grad / bytes + c * step;
        grad.set(scratch.subarray(from, from + m), (o * n + c) * inner + i);
      }
    }
    return total;
  };

  let total = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i += width) total += run(o, i, Math.min(width, inner - i));
  }
  return total;
}
