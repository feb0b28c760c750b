import { K, signature } from '../../arguments/index.ts';
import { isFloatingPoint, storedNumber } from '../../dtype.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { copyStrided, E, elementsOf, recordMaskedRead, recordMaskedWrite } from '../../kernels/index.ts';
import { apply, applyInPlace, definePrimitive, INPUT, type Primitive } from '../../record/index.ts';
import { broadcastShapes, contiguousStrides, expandsTo, formatShape, type Shape } from '../../shape.ts';
import { Tensor, wrapArray } from '../../tensor.ts';
import { zeros } from '../creation/fill.ts';
import { applyElementwise, applyElementwiseInPlace, ElementwiseOp } from '../elementwise/operation.ts';
import { expand } from '../views/shape.ts';
import { takeFlat } from './flat-primitives.ts';
import { fillValue, nonzeroPositions, truePositions } from './index-positions.ts';
import { readAt, writeAt } from './read-write.ts';

function checkMask(mask: Tensor, caller: string): void {
  if (mask.dtype !== 'bool')
    throw new DTypeError(`${caller}: only supports boolean masks, but got mask with dtype ${mask.dtype}`);
}

/** The mask, a bool, never decides the dtype of the result; nor does the value, which is brought to that of x. */
const maskedFillOp = new ElementwiseOp({
  name: 'masked_fill',
  arity: 3,
  overload: (scalars) => Number(scalars === 0),
  expression: (x, mask, value) => E.select(E.toMask(mask), value, x),
});

function fillOperands(x: Tensor, mask: Tensor, value: Tensor | number, caller: string) {
  checkMask(mask, caller);
  const isNumber = !(value instanceof Tensor) && isFloatingPoint(x.dtype);
  return [x, mask, isNumber ? storedNumber(value, x.dtype, caller) : fillValue(x, value, caller)] as const;
}

const maskedFillParameters = { x: K.tensor, mask: K.tensor, value: K.operand };
const maskedFillTakes = signature('maskedFill', maskedFillParameters);

/**
 * x with `value` (a number or a 0-dimensional tensor) wherever the bool `mask`, broadcast, is true. Follows
 * `torch.masked_fill`.
 * @throws DTypeError when `mask` is not bool, ShapeError when it does not broadcast or `value` has dimensions.
 * @example maskedFill(tensor([1, 2, 3]), tensor([true, false, true]), 0); // tensor([0, 2, 0])
 */
export function maskedFill(x: Tensor, mask: Tensor, value: Tensor | number): Tensor {
  maskedFillTakes(arguments);
  return applyElementwise(maskedFillOp, fillOperands(x, mask, value, 'maskedFill'));
}

const maskedFillInPlaceTakes = signature('maskedFill_', maskedFillParameters);

/** {@link maskedFill} in place, with its errors. Follows `Tensor.masked_fill_`. */
export function maskedFill_(x: Tensor, mask: Tensor, value: Tensor | number): Tensor {
  maskedFillInPlaceTakes(arguments);
  return applyElementwiseInPlace(maskedFillOp, fillOperands(x, mask, value, 'maskedFill_'));
}

/** Options of {@link fillDiagonal_}. */
export interface FillDiagonalOptions {
  /**
   * Of a matrix with more rows than columns: whether the diagonal begins anew below the last column, a row further
   * down. Default: false.
   */
  readonly wrap?: boolean;
}

const fillDiagonalTakes = signature('fillDiagonal_', {
  x: K.tensor,
  value: K.scalar,
  options: K.options<FillDiagonalOptions>({ wrap: K.flag }),
});

/**
 * Writes `value` on the diagonal of a matrix, or where all indices of more than two dimensions are equal. Follows
 * `Tensor.fill_diagonal_`.
 * @throws ShapeError for fewer than two dimensions, and for more of different lengths; ValueError where the dtype
 *   cannot hold the value
 * @example zeros([2, 3]).fillDiagonal_(5); // tensor([[5., 0., 0.], [0., 5., 0.]])
 */
export function fillDiagonal_(x: Tensor, value: number | boolean, options?: FillDiagonalOptions): Tensor {
  fillDiagonalTakes(arguments);
  const { shape, ndim, count } = x;
  if (ndim < 2) throw new ShapeError(`fillDiagonal_: dimensions must be larger than 1, got ${ndim}`);
  if (ndim > 2 && shape.some((size) => size !== shape[0])) {
    throw new ShapeError(
      `fillDiagonal_: all dimensions of input must be of equal length, got ${formatShape(shape)}`,
    );
  }
  // From one element of the diagonal to the next, in the order of rows: one step along each dimension.
  const step = contiguousStrides(shape).reduce((sum, stride) => sum + stride, 0);
  const wraps = options?.wrap === true && ndim === 2;
  const end = wraps ? count : Math.min(count, step * Math.min(...shape));
  const mask = new Uint8Array(count);
  for (let at = 0; at < end; at += step) mask[at] = 1;
  return applyElementwiseInPlace(
    maskedFillOp,
    fillOperands(x, wrapArray(mask, shape, 'bool'), Number(value), 'fillDiagonal_'),
  );
}

const maskedSelectTakes = signature('maskedSelect', { x: K.tensor, mask: K.tensor });

/**
 * The elements of x at which the bool `mask` is true, both broadcast, in one row. Follows `torch.masked_select`.
 * @throws DTypeError when `mask` is not bool, ShapeError when the two do not broadcast.
 * @example maskedSelect(tensor([1, 2, 3]), tensor([true, false, true])); // tensor([1, 3])
 */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  maskedSelectTakes(arguments);
  checkMask(mask, 'maskedSelect');
  const shape = broadcastShapes(x.shape, mask.shape, 'maskedSelect');
  const positions = nonzeroPositions(expand(mask, shape), 'masked_select');
  return takeFlat('masked_select', expand(x, shape), wrapArray(positions, [positions.length], 'int32'));
}

/** The elements of x, in order, wherever a mask of x's shape is true: inputs x, mask and source. */
const maskedScatterPrimitive = definePrimitive<string, [Tensor, Tensor, Tensor]>({
  name: 'masked_scatter',
  saves: INPUT(1),
  infer: ([x]) => x,
  kernel([x, mask, source], caller, out) {
    const target = out.storage.array;
    copyStrided(x, target);
    if (recordMaskedWrite(target, elementsOf(mask), elementsOf(source))) return;
    const positions = truePositions(elementsOf(mask));
    if (source.count < positions.length) {
      throw new ShapeError(
        `${caller}: Number of elements of source < number of ones in mask: ${source.count} < ${positions.length}`,
      );
    }
    writeAt(target, positions, elementsOf(source), 'set');
  },
  derivative(g, node) {
    const mask = node.input(1);
    return [
      node.needs(0) ? maskedFill(g, mask, 0) : null,
      null,
      node.needs(2) ? apply(maskedGatherPrimitive, [g, mask], node.shape(2)) : null,
    ];
  },
});

/** Zeros of a shape that start with the elements of x at which a mask is true: the derivative of masked_scatter. */
const maskedGatherPrimitive: Primitive<Shape, [Tensor, Tensor]> = definePrimitive({
  name: 'masked_scatter_backward',
  saves: INPUT(1),
  infer: ([x], shape) => ({ shape, dtype: x.dtype }),
  kernel([x, mask], _, out) {
    if (recordMaskedRead(elementsOf(x), elementsOf(mask), out.storage.array)) return;
    readAt(elementsOf(x), truePositions(elementsOf(mask)), out.storage.array.fill(0), 0);
  },
  derivative(g, node) {
    const zeroed = zeros(node.shape(0), { dtype: g.dtype });
    return [apply(maskedScatterPrimitive, [zeroed, node.input(1), g], 'maskedScatter'), null];
  },
});

function checkSource(x: Tensor, mask: Tensor, source: Tensor, caller: string): void {
  checkMask(mask, caller);
  if (source.dtype !== x.dtype) {
    throw new DTypeError(
      `${caller}: expected self and source to have same dtypes but got ${x.dtype} and ${source.dtype}`,
    );
  }
}

const maskedScatterParameters = { x: K.tensor, mask: K.tensor, source: K.tensor };
const maskedScatterTakes = signature('maskedScatter', maskedScatterParameters);

/**
 * x with the elements of `source`, in order, wherever the bool `mask` is true. x is broadcast to the mask, and the mask
 * to x. Follows `torch.masked_scatter`.
 * @throws DTypeError when `mask` is not bool or `source` has another dtype than x, ShapeError when x and `mask` do not
 * broadcast or `source` has too few elements.
 */
export function maskedScatter(x: Tensor, mask: Tensor, source: Tensor): Tensor {
  maskedScatterTakes(arguments);
  const wide = expand(x, broadcastShapes(x.shape, mask.shape, 'maskedScatter'));
  checkSource(x, mask, source, 'maskedScatter');
  return apply(maskedScatterPrimitive, [wide, expand(mask, wide.shape), source], 'maskedScatter');
}

const maskedScatterInPlaceTakes = signature('maskedScatter_', maskedScatterParameters);

/**
 * {@link maskedScatter} in place; x is not broadcast. Follows `Tensor.masked_scatter_`.
 * @throws the errors of {@link maskedScatter}.
 */
export function maskedScatter_(x: Tensor, mask: Tensor, source: Tensor): Tensor {
  maskedScatterInPlaceTakes(arguments);
  if (!expandsTo(mask.shape, x.shape)) {
    throw new ShapeError(
      `maskedScatter_: a mask of shape ${formatShape(mask.shape)} does not broadcast to self's ${formatShape(x.shape)}`,
    );
  }
  checkSource(x, mask, source, 'maskedScatter_');
  return applyInPlace(maskedScatterPrimitive, [x, expand(mask, x.shape), source], 'maskedScatter_');
}
