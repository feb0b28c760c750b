import { elementsOf, fillStrided } from '../../elementwise/index.ts';
import { recorder } from '../../recording/index.ts';
import { extentOf, type Strided } from '../../strided/index.ts';
import { writeElements } from '../moves.ts';
import { filled, recordAxes, recordPlaces } from '../positions.ts';
import { recordNll } from './nll.ts';

/** Which classes there are, and where in a mask they lie. */
export interface ClassMask {
  /** How many there are. */
  readonly classes: number;
  /** Their dimension. */
  readonly dim: number;
  /** Targets of this, if it is no class, are 0 throughout; `null` for none such. */
  readonly ignoreIndex: number | null;
}

/**
 * Makes a mask of class indices: 1 where the class is that of the target, else 0. Gives the number of the first target
 * that is no class, and -1 where all are; where a call is being compiled none is, or the program gives the word to the
 * kernel. Kindling's own.
 */
export function maskClasses(target: Strided, { classes, dim, ignoreIndex }: ClassMask, out: Strided): number {
  const indices = elementsOf(target);
  const mask = elementsOf(out);
  const ignored = ignoreIndex !== null && (ignoreIndex < 0 || ignoreIndex >= classes) ? ignoreIndex : null;
  const extent = extentOf(out.shape, dim);
  if (recorder !== null) {
    // What counts as ignored where nothing is: below all classes, and refused before.
    const below = -1;
    if (ignored === null && indices instanceof Int32Array)
      recordPlaces(indices, { size: classes, stride: 0, negative: false }, 0);
    // The gradient of the sum of the losses, as that of a loss is -1.
    recordNll(
      'gradients',
      { classes: indices, weights: null, extent, ignoreIndex: ignored ?? below, reduction: 'sum' },
      filled(out.dtype, 1, -1),
      mask,
    );
    return -1;
  }
  fillStrided(out, 0);
  const { inner } = extent;
  for (let i = 0; i < indices.length; i++) {
    const t = indices[i]!;
    if (t >= 0 && t < classes) mask[(Math.floor(i / inner) * classes + t) * inner + (i % inner)] = 1;
    else if (t !== ignored) return i;
  }
  return -1;
}

/** {@link maskClasses} with the classes along a last dimension, of any dtype. */
export function maskRows(target: Strided, classes: number, out: Strided): number {
  const indices = elementsOf(target);
  const mask = elementsOf(out);
  const positions = recordPlaces(indices, { size: classes, stride: 1, negative: false }, 0);
  if (positions !== null) {
    fillStrided(out, 0);
    recordAxes(positions, { shape: [indices.length], strides: [classes] }, 1);
    writeElements(mask, positions, filled(out.dtype, 1, 1), 'set');
    return -1;
  }
  fillStrided(out, 0);
  for (let i = 0; i < indices.length; i++) {
    const t = indices[i]!;
    if (t < 0 || t >= classes) return i;
    mask[i * classes + t] = 1;
  }
  return -1;
}
