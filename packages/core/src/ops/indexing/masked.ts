import { isFloatingPoint, storedNumber } from '../../dtype.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { E } from '../../kernels/index.ts';
import { broadcastShapes, expandsTo, formatShape } from '../../shape.ts';
import { requireTensors, Tensor, wrapArray } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { applyElementwise, applyElementwiseInPlace, ElementwiseOp } from '../elementwise/operation.ts';
import { expand, reshape } from '../views/shape.ts';
import { nonzeroPositions } from './nonzero.ts';
import { checkIndexDType } from './positions.ts';
import { putFlat, putFlatInPlace, takeFlat } from './primitives.ts';

function checkMask(mask: Tensor, caller: string): void {
  requireTensors(caller, mask);
  if (mask.dtype !== 'bool')
    throw new DTypeError(`${caller}: only supports boolean masks, but got mask with dtype ${mask.dtype}`);
}

/** The mask, a bool, never decides the dtype of the result; nor does the value, which is brought to that of x. */
const maskedFillOp = new ElementwiseOp({
  name: 'masked_fill',
  arity: 3,
  expression: (x, mask, value) => E.select(E.toMask(mask), value, x),
});

function fillOperands(x: Tensor, mask: Tensor, value: Tensor | number, caller: string) {
  checkMask(mask, caller);
  if (value instanceof Tensor) {
    if (value.shape.length > 0) {
      throw new ShapeError(
        `${caller}: only supports a 0-dimensional value tensor, but got tensor with ${value.shape.length} dimension(s).`,
      );
    }
    return [x, mask, to(value, x.dtype)] as const;
  }
  const stored = storedNumber(value, x.dtype, caller);
  return [x, mask, isFloatingPoint(x.dtype) ? stored : Tensor.scalar(stored, x.dtype)] as const;
}

/**
 * x with `value` (a number or a 0-dimensional tensor) wherever the bool `mask`, broadcast, is true. Follows `torch.masked_fill`.
 * @example maskedFill(scores, mask, -Infinity)
 */
export function maskedFill(x: Tensor, mask: Tensor, value: Tensor | number): Tensor {
  return applyElementwise(maskedFillOp, fillOperands(x, mask, value, 'maskedFill'));
}

/** {@link maskedFill} in place. Follows `Tensor.masked_fill_`. */
export function maskedFill_(x: Tensor, mask: Tensor, value: Tensor | number): Tensor {
  return applyElementwiseInPlace(maskedFillOp, fillOperands(x, mask, value, 'maskedFill_'));
}

const asIndex = (positions: Int32Array): Tensor => wrapArray(positions, [positions.length], 'int32');

/**
 * The elements of x at which the bool `mask` is true, both broadcast, in one row. Follows `torch.masked_select`.
 */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  checkMask(mask, 'maskedSelect');
  const shape = broadcastShapes(x.shape, mask.shape, 'maskedSelect');
  return takeFlat('masked_select', expand(x, shape), asIndex(nonzeroPositions(expand(mask, shape))));
}

function scatterOperands(x: Tensor, mask: Tensor, source: Tensor, caller: string) {
  checkMask(mask, caller);
  if (source.dtype !== x.dtype) {
    throw new DTypeError(
      `${caller}: expected self and source to have same dtypes but got ${x.dtype} and ${source.dtype}`,
    );
  }
  const positions = asIndex(nonzeroPositions(expand(mask, x.shape)));
  if (source.count < positions.count) {
    throw new ShapeError(
      `${caller}: Number of elements of source < number of ones in mask: ${source.count} < ${positions.count}`,
    );
  }
  const first = asIndex(Int32Array.from({ length: positions.count }, (_, i) => i));
  return [
    positions,
    source.count === positions.count ? reshape(source, [-1]) : takeFlat('take', source, first),
  ] as const;
}

/**
 * x with the elements of `source`, in order, wherever the bool `mask` is true. x is broadcast to the mask, and the mask to x.
 * Follows `torch.masked_scatter`.
 */
export function maskedScatter(x: Tensor, mask: Tensor, source: Tensor): Tensor {
  const wide = expand(x, broadcastShapes(x.shape, mask.shape, 'maskedScatter'));
  const [positions, values] = scatterOperands(wide, mask, source, 'maskedScatter');
  return putFlat('masked_scatter', wide, positions, values, { accumulate: false, caller: 'maskedScatter' });
}

/** {@link maskedScatter} in place. Follows `Tensor.masked_scatter_`. */
export function maskedScatter_(x: Tensor, mask: Tensor, source: Tensor): Tensor {
  if (!expandsTo(mask.shape, x.shape)) {
    throw new ShapeError(
      `maskedScatter_: a mask of shape ${formatShape(mask.shape)} does not broadcast to self's ${formatShape(x.shape)}`,
    );
  }
  const [positions, values] = scatterOperands(x, mask, source, 'maskedScatter_');
  return putFlatInPlace('masked_scatter', x, positions, values, {
    accumulate: false,
    caller: 'maskedScatter_',
  });
}

/**
 * The elements of x, taken as one row, at the int32 indices `index`, whose shape the result has. Negative indices count from the
 * end. Follows `torch.take`.
 */
export function take(x: Tensor, index: Tensor): Tensor {
  checkIndexDType(index, 'take');
  return takeFlat('take', x, index);
}

/** Options of {@link put}. */
export interface PutOptions {
  /** Add to what is there instead of overwriting it. Default: false. */
  readonly accumulate?: boolean;
}

function putOperands(x: Tensor, index: Tensor, source: Tensor, caller: string) {
  checkIndexDType(index, caller);
  if (source.dtype !== x.dtype) {
    throw new DTypeError(
      `${caller}: expected self and source to have the same dtype, but got ${x.dtype} and ${source.dtype}`,
    );
  }
  if (source.count !== index.count) {
    throw new ShapeError(
      `${caller}: Expected source and index to have the same number of elements, but got ${source.count} and ${index.count}`,
    );
  }
  return [x, index, source] as const;
}

/** A copy of x, taken as one row, with the elements of `source` at the int32 indices `index`. Follows `torch.put`. */
export function put(x: Tensor, index: Tensor, source: Tensor, options: PutOptions = {}): Tensor {
  const attrs = { accumulate: options.accumulate ?? false, caller: 'put' };
  return putFlat('put', ...putOperands(x, index, source, 'put'), attrs);
}

/** {@link put} in place. Follows `Tensor.put_`. */
export function put_(x: Tensor, index: Tensor, source: Tensor, options: PutOptions = {}): Tensor {
  const attrs = { accumulate: options.accumulate ?? false, caller: 'put_' };
  return putFlatInPlace('put', ...putOperands(x, index, source, 'put_'), attrs);
}

/** The functions of this file that are methods too. */
export default { maskedFill, maskedFill_, maskedSelect, maskedScatter, maskedScatter_, take, put, put_ };
