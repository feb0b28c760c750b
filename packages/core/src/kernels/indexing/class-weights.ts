import type { TypedArray } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { ElementwiseKernel, elementsOf, fillStrided, runElementwise } from '../elementwise/index.ts';
import { eq, mul, ne, select, toNumber } from '../expression/index.ts';
import { recorder } from '../recording/index.ts';
import { type Strided, stridedOver } from '../strided/index.ts';
import { as, recordRead, recordWrite } from './moves.ts';
import { filled, recordAxes, recordPlaces } from './positions.ts';

/*
 * The weights of classes that targets name. Where kernels are taken down each target names one, or the program gives the word to the
 * kernel.
 */

const orFirst = new ElementwiseKernel('class', 1, (t, ignored) => select(eq(t, ignored), 0, t));
const counted = new ElementwiseKernel('class_shares', 1, (t, ignored) => toNumber(ne(t, ignored)));
const weighed = new ElementwiseKernel('class_shares', 2, (t, w, ignored) => select(eq(t, ignored), 0, w));
const scaled = new ElementwiseKernel('class_factors', 1, (w, scale) => mul(w, scale));

/** Where in a list of so many classes each target leads, and what stands in the list there. */
function recordLookUp(index: TypedArray, weight: Strided): Strided {
  const positions = recordPlaces(index, { size: weight.count, stride: 1, negative: false }, 0);
  const values = allocateArray(weight.dtype, index.length);
  if (positions !== null) recordRead(elementsOf(weight), positions, values, 0);
  return stridedOver(values, weight.dtype, [index.length]);
}

/** The weight of each target's class, or 1; 0 for those of `ignoreIndex`. */
export function classWeights(
  target: Strided,
  weight: Strided | null,
  ignoreIndex: number,
  out: Strided,
): void {
  if (recorder === null) {
    const weights = weight === null ? null : elementsOf(weight);
    const shares = elementsOf(out);
    elementsOf(target).forEach((t, i) => {
      shares[i] = t === ignoreIndex ? 0 : weights === null ? 1 : weights[t]!;
    });
  } else if (weight === null) runElementwise(counted, 'f64', [target], [ignoreIndex], out);
  else {
    const index = allocateArray('int32', target.count);
    runElementwise(orFirst, 'f64', [target], [ignoreIndex], stridedOver(index, 'int32', target.shape));
    const { storage, dtype } = recordLookUp(index, weight);
    const found = stridedOver(storage.array, dtype, target.shape);
    runElementwise(weighed, 'f64', [target, found], [ignoreIndex], out);
  }
}

/** How rows of factors are made. */
export interface ClassFactors {
  /** How many classes there are. */
  readonly classes: number;
  /** What each factor is multiplied by. */
  readonly scale: number;
}

/**
 * Makes a matrix with a row for each target, which holds `scale` times the weight of its class, or `scale`, and 0 at the class
 * itself. Gives the number of the first target that is no class, and -1 where all are.
 */
export function classFactors(
  target: Strided,
  weight: Strided | null,
  { classes, scale }: ClassFactors,
  out: Strided,
): number {
  const factors = elementsOf(out);
  const indices = elementsOf(target);
  if (recorder === null) {
    const weights = weight === null ? null : elementsOf(weight);
    for (let row = 0; row < indices.length; row++) {
      const t = indices[row]!;
      if (t < 0 || t >= classes) return row;
      factors.fill(scale * (weights === null ? 1 : weights[t]!), row * classes, (row + 1) * classes);
      factors[row * classes + t] = 0;
    }
    return -1;
  }
  const rows = indices.length;
  const index = as(indices, 'int32');
  if (weight === null) fillStrided(out, scale);
  else {
    const { storage, dtype } = recordLookUp(index, weight);
    runElementwise(scaled, 'f64', [stridedOver(storage.array, dtype, [rows, 1])], [scale], out);
  }
  const own = recordPlaces(index, { size: classes, stride: 1, negative: false }, 0);
  if (own === null) return -1;
  recordAxes(own, { shape: [rows], strides: [classes] }, 1);
  recordWrite(factors, own, filled(out.dtype, 1, 0), 'set');
  return -1;
}
