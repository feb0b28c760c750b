import type { DType } from '../../dtype.ts';
import { checkDType, isFloatingPoint, storedNumber } from '../../dtype.ts';
import { AutogradError, DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { gradNode } from '../../record/apply.ts';
import { finishInPlace, prepareInPlace } from '../../record/in-place.ts';
import { apply, definePrimitive, type Primitive } from '../../record/index.ts';
import { checkShape, numelOf, type Shape } from '../../shape.ts';
import { allocateZeroed, Storage } from '../../storage.ts';
import { autogradOf, Tensor } from '../../tensor.ts';
import { copyInto } from './copy.ts';

/** What every creation function takes. */
export interface CreationOptions {
  /** Default: {@link getDefaultDtype} for floats, `int32` for integers, `bool` for booleans, as each function says. */
  readonly dtype?: DType;
  /** Whether operations on the result are recorded. Default: false. */
  readonly requiresGrad?: boolean;
}

let defaultDtype: DType = 'float32';

/** The dtype of tensors made from floats without a dtype (PyTorch's `torch.get_default_dtype`). */
export const getDefaultDtype = (): DType => defaultDtype;

/** Sets {@link getDefaultDtype} to `'float32'` or `'float64'` (PyTorch's `torch.set_default_dtype`). */
export function setDefaultDtype(dtype: DType): void {
  checkDType(dtype, 'setDefaultDtype');
  if (!isFloatingPoint(dtype))
    throw new ValueError(`setDefaultDtype: only floating-point types are supported, got ${dtype}`);
  defaultDtype = dtype;
}

/** Applies `requiresGrad` to a tensor that a creation function made. */
export function finishCreation(x: Tensor, options: CreationOptions | undefined): Tensor {
  if (options?.requiresGrad !== true) return x;
  if (!isFloatingPoint(x.dtype)) {
    throw new AutogradError(`Only Tensors of floating point dtype can require gradients, got ${x.dtype}`);
  }
  autogradOf(x).leafRequiresGrad = true;
  return x;
}

interface FillAttributes {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly value: number;
}

const fillPrimitive = definePrimitive<FillAttributes, readonly Tensor[]>({
  name: 'full',
  infer: (_inputs, { shape, dtype }) => ({ shape, dtype }),
  kernel(_inputs, { value }, out) {
    out.storage.array.fill(value, out.offset, out.offset + out.count);
  },
});

const noTensors: readonly Tensor[] = [];

function filled(shape: Shape, value: number, dtype: DType): Tensor {
  return apply(fillPrimitive, noTensors, { shape, dtype, value: storedNumber(value, dtype, 'full') });
}

const sizesOf = (shape: Shape | number, caller: string): Shape => {
  const sizes = typeof shape === 'number' ? [shape] : shape;
  if (!Array.isArray(sizes)) {
    throw new ShapeError(`${caller}: expected a shape such as [2, 3], got ${typeof shape}`);
  }
  checkShape(sizes, caller);
  return sizes.slice();
};

/** A tensor of `shape` filled with `value`; dtype from the value: boolean, integer (int32) or float. Follows `torch.full`. */
export function full(shape: Shape | number, value: number | boolean, options?: CreationOptions): Tensor {
  const sizes = sizesOf(shape, 'full');
  if (typeof value !== 'number' && typeof value !== 'boolean') {
    throw new DTypeError(`full: expected a number or boolean to fill with, got ${typeof value}`);
  }
  const inferred = typeof value === 'boolean' ? 'bool' : Number.isInteger(value) ? 'int32' : defaultDtype;
  const dtype = options?.dtype ?? inferred;
  checkDType(dtype, 'full');
  return finishCreation(filled(sizes, Number(value), dtype), options);
}

function constantLike(caller: string, value: number) {
  return (shape: Shape | number, options?: CreationOptions): Tensor => {
    const sizes = sizesOf(shape, caller);
    const dtype = options?.dtype ?? defaultDtype;
    checkDType(dtype, caller);
    if (value !== 0) return finishCreation(filled(sizes, value, dtype), options);
    // Fresh memory of any size is zero already.
    return finishCreation(
      new Tensor(new Storage(allocateZeroed(dtype, numelOf(sizes))), sizes, dtype),
      options,
    );
  };
}

/**
 * Zeros. Follows `torch.zeros`.
 * @example zeros([2, 3]); zeros(4, { dtype: 'int32' })
 */
export const zeros: (shape: Shape | number, options?: CreationOptions) => Tensor = constantLike('zeros', 0);

/** Ones. Follows `torch.ones`. */
export const ones: (shape: Shape | number, options?: CreationOptions) => Tensor = constantLike('ones', 1);

/** Memory that nobody has written yet; here it is zero or what a former tensor left. Follows `torch.empty`. */
export const empty: (shape: Shape | number, options?: CreationOptions) => Tensor = constantLike('empty', 0);

type LikeFunction = (x: Tensor, options?: CreationOptions) => Tensor;
const like =
  (create: (shape: Shape, options?: CreationOptions) => Tensor): LikeFunction =>
  (x, options) =>
    create(x.shape, { ...options, dtype: options?.dtype ?? x.dtype });

/** Zeros with the shape and dtype of `x`. Follows `torch.zeros_like`. */
export const zerosLike: LikeFunction = like(zeros);
/** Ones with the shape and dtype of `x`. Follows `torch.ones_like`. */
export const onesLike: LikeFunction = like(ones);
/** Unwritten memory with the shape and dtype of `x`. Follows `torch.empty_like`. */
export const emptyLike: LikeFunction = like(empty);

/** A tensor with the shape and dtype of `x`, filled with `value`. Follows `torch.full_like`. */
export function fullLike(x: Tensor, value: number | boolean, options?: CreationOptions): Tensor {
  return full(x.shape, value, { ...options, dtype: options?.dtype ?? x.dtype });
}

/** Overwrites x with a number. In a graph the old values get no gradient. Follows `Tensor.fill_`. */
export const fill_ = (x: Tensor, value: number | boolean): Tensor =>
  overwrite(x, value, fillPrimitiveInPlace);

/** Overwrites x with zeros. Follows `Tensor.zero_`. */
export const zero_ = (x: Tensor): Tensor => overwrite(x, 0, zeroPrimitiveInPlace);

function overwrite(x: Tensor, value: number | boolean, primitive: Primitive): Tensor {
  const inputs = [x];
  const record = prepareInPlace(x, inputs, `${primitive.name}_`);
  const node = record ? gradNode(primitive, inputs, undefined) : null;
  const stored = storedNumber(value, x.dtype, `${primitive.name}_`);
  if (x.dense) x.data.fill(stored);
  else copyInto(x, Tensor.scalar(stored, x.dtype));
  finishInPlace(x, node);
  return x;
}

const overwriting = (name: string, overload: number): Primitive =>
  definePrimitive({
    name,
    overload: () => overload,
    saves: 0,
    infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
    kernel: () => {},
    derivative: (g) => [zerosLike(g)],
  });
const fillPrimitiveInPlace = overwriting('fill', 2);
const zeroPrimitiveInPlace = overwriting('zero', 0);

export { sizesOf };

/** The functions of this file that are methods too. */
export default { fill_, zero_ };
