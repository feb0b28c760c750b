/** How an operand, broadcast, lies along rows. */
import type { Shape } from '../../shape.ts';
import type { Strided } from './strided.ts';

/** Element by element; the same row each time; one element for each row; one for all. */
export const dense = 0;
export const row = 1;
export const column = 2;
export const scalar = 3;
/** In none of these ways. */
export const scattered = 4;

/** The names of those ways, by number. */
export const readings = ['dense', 'row', 'column', 'scalar'] as const;

/** How long the rows are of what was classified last. */
export let classifiedInner = 0;

/**
 * How `x`, broadcast to `shape`, lies: reads the strides from the last dimension on. A dense part followed by zeros
 * makes a row, zeros followed by a dense part a column; {@link classifiedInner} is then the size of a row.
 */
export function classify(x: Pick<Strided, 'shape' | 'strides' | 'dense'>, shape: Shape): number {
  const xShape = x.shape;
  // Dense operands need not make their strides for this: each is the product of the sizes after it.
  const strides = x.dense ? null : x.strides;
  const lead = shape.length - xShape.length;
  let inner = 1;
  let zerosInside = false;
  let zerosOutside = false;
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    const size = shape[d]!;
    if (size === 1) continue;
    const stride = d < lead || xShape[d - lead] === 1 ? 0 : strides === null ? step : strides[d - lead]!;
    if (stride === 0) {
      if (step > 1) {
        if (zerosInside) return scattered;
        zerosOutside = true;
      } else {
        zerosInside = true;
        inner *= size;
      }
    } else {
      if (zerosOutside || stride !== step) return scattered;
      step *= size;
      if (!zerosInside) inner *= size;
    }
  }
  classifiedInner = inner;
  if (zerosOutside) return row;
  if (zerosInside) return step > 1 ? column : scalar;
  return dense;
}
