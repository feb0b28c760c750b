import type { TypedArray } from '../../../dtype.ts';
import { allocateArray } from '../../../storage.ts';
import { fillStrided } from '../../elementwise/index.ts';
import { recordCall, recorder } from '../../recording/index.ts';
import { denseOver, type Extent, ignoredClass } from '../../strided/index.ts';
import { type NllKey, nllKernels } from './nll-kernels.ts';

/** Classes of targets, along a dimension of what they pick from, and what becomes of them. */
interface NllTargets {
  readonly classes: TypedArray;
  /** A weight for each class; `null` for 1. */
  readonly weights: TypedArray | null;
  readonly extent: Extent;
  readonly ignoreIndex: number;
  readonly reduction: 'none' | 'sum' | 'mean';
}

const reductions = { none: 0, sum: 1, mean: 2 } as const;

/**
 * Takes down the loss of log-probabilities, or, for the gradient of the loss, its gradient by them; gives false where
 * nobody takes down kernels. The classes are checked.
 */
export function recordNll(
  which: 'losses' | 'gradients',
  { classes, weights, extent, ignoreIndex, reduction }: NllTargets,
  values: TypedArray,
  out: TypedArray,
): boolean {
  if (recorder === null) return false;
  const ignored = ignoredClass(ignoreIndex);
  const key: NllKey = `${values instanceof Float64Array ? 'f64' : 'f32'} ${classes instanceof Int32Array ? 'int32' : 'uint8'}`;
  const kernels = nllKernels(key);
  const { outer, n, inner } = extent;
  const total = allocateArray('float64', 1);
  const weighing = [classes.length, n, ignored, classes, weights ?? 0, total];
  recordCall('total_weight', kernels.totalWeight, weighing, { checks: true });
  const isGradient = which === 'gradients';
  if (isGradient) {
    const dtype = values instanceof Float64Array ? 'float64' : 'float32';
    fillStrided(denseOver(out, dtype, [out.length], 0, out.length), 0);
  }
  const args = [outer, n, inner, ignored, reductions[reduction], classes, weights ?? 0, total, values, out];
  recordCall(`nll_${which}`, kernels[which], args, { keeps: isGradient ? [out] : [] });
  return true;
}
