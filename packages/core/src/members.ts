/** What is a method and no function: questions about a tensor, its elements as JavaScript values, `x.float()` and its kin. */
import { type BackwardOptions, backward as runBackward } from './autograd/backward.ts';
import { bytesOf, isFloatingPoint as isFloating } from './dtype.ts';
import { ShapeError, ValueError } from './errors.ts';
import { to } from './ops/creation/copy.ts';
import type { Operand } from './ops/elementwise/operation.ts';
import { where as chooseWhere } from './ops/elementwise/select.ts';
import { assign, type IndexItem, type IndexValue } from './ops/indexing/subscript.ts';
import { formatTensor } from './print/format.ts';
import { memoryOf, valuesOf } from './record/values.ts';
import { formatShape } from './shape.ts';
import { autogradOf, type Tensor } from './tensor.ts';

/** Numbers (of a bool tensor: booleans), nested as the tensor's dimensions. */
export type NestedNumbers = number | boolean | NestedNumbers[];

function single(x: Tensor, reason: string): number {
  return valuesOf(x, reason)[0] as number;
}

/** The value of a tensor of one element, a `boolean` of a bool tensor. Follows `Tensor.item`. */
export function item(this: Tensor): number {
  if (this.count !== 1) {
    throw new ValueError(
      `item: a Tensor with ${this.count} elements cannot be converted to Scalar; its shape is ${formatShape(this.shape)}`,
    );
  }
  const value = single(this, 'item');
  return this.dtype === 'bool' ? ((value !== 0) as unknown as number) : value;
}

/** The elements as nested arrays: a number for 0 dimensions, `number[]` for one, and so on. Follows `Tensor.tolist`. */
export function toArray<T = NestedNumbers>(this: Tensor): T {
  const { shape } = this;
  const data = valuesOf(this, 'toArray');
  const bool = this.dtype === 'bool';
  let at = 0;
  const build = (d: number): NestedNumbers => {
    if (d === shape.length) {
      const value = data[at++] as number;
      return bool ? value !== 0 : value;
    }
    return Array.from({ length: shape[d] as number }, () => build(d + 1));
  };
  return build(0) as T;
}

/** {@link toArray}, by PyTorch's name. Follows `Tensor.tolist`. */
export function tolist<T = NestedNumbers>(this: Tensor): T {
  return toArray.call(this) as T;
}

/** What arithmetic and comparison operators of JavaScript see. Follows `Tensor.__float__`. */
export function toNumber(x: Tensor): number {
  if (x.count !== 1) {
    throw new ValueError(
      `only one element tensors can be converted to numbers, this one has shape ${formatShape(x.shape)}; operators such as ` +
        '* and < do not apply to tensors: write x.mul(y), x.lt(y)',
    );
  }
  return single(x, 'conversion to a number');
}

/** PyTorch's printed form. Follows `repr(tensor)`. */
export function toString(this: Tensor): string {
  const { shape, strides, offset, dtype } = this;
  const array = memoryOf(this, 'print');
  return formatTensor(
    { storage: { array }, shape, strides, offset, dtype },
    {
      requiresGrad: autogradOf(this).leafRequiresGrad,
      gradFnName: this.gradFn?.name,
    },
  );
}

/** The number of elements. Follows `Tensor.numel`. */
export function numel(this: Tensor): number {
  return this.count;
}

/** The number of dimensions. Follows `Tensor.dim`. */
export function dim(this: Tensor): number {
  return this.shape.length;
}

/** Whether the elements lie in row-major order without gaps. Follows `Tensor.is_contiguous`. */
export function isContiguous(this: Tensor): boolean {
  return this.dense;
}

/** Bytes of one element. Follows `Tensor.element_size`. */
export function elementSize(this: Tensor): number {
  return bytesOf(this.dtype);
}

/** Whether the dtype is a floating-point one. Follows `torch.is_floating_point`. */
export function isFloatingPoint(this: Tensor): boolean {
  return isFloating(this.dtype);
}

/** The shape, or the size of one dimension. Follows `Tensor.size`. */
export function size(this: Tensor): readonly number[];
export function size(this: Tensor, dim: number): number;
export function size(this: Tensor, dim?: number): number | readonly number[] {
  return dim === undefined ? this.shape : along(this, this.shape, dim, 'size');
}

/** The strides in elements, or that of one dimension. Follows `Tensor.stride`. */
export function stride(this: Tensor): readonly number[];
export function stride(this: Tensor, dim: number): number;
export function stride(this: Tensor, dim?: number): number | readonly number[] {
  return dim === undefined ? this.strides : along(this, this.strides, dim, 'stride');
}

function along(x: Tensor, list: readonly number[], dim: number, caller: string): number {
  const value = list.at(dim);
  if (value === undefined || dim < -list.length) {
    throw new ShapeError(
      `${caller}: Dimension out of range (expected to be in range of [${-x.ndim}, ${x.ndim - 1}], but got ${dim})`,
    );
  }
  return value;
}

/** As float32. Follows `Tensor.float`. */
export function float(this: Tensor): Tensor {
  return to(this, 'float32');
}

/** As float64. Follows `Tensor.double`. */
export function double(this: Tensor): Tensor {
  return to(this, 'float64');
}

/** As int32, floats losing their fraction. Follows `Tensor.int`. */
export function int(this: Tensor): Tensor {
  return to(this, 'int32');
}

/** As int32, which stands for PyTorch's int64. Follows `Tensor.long`. */
export function long(this: Tensor): Tensor {
  return to(this, 'int32');
}

/** As uint8. Follows `Tensor.byte`. */
export function byte(this: Tensor): Tensor {
  return to(this, 'uint8');
}

/** As bool: whether elements are other than 0. Follows `Tensor.bool`. */
export function bool(this: Tensor): Tensor {
  return to(this, 'bool');
}

/** With the dtype of `other`. Follows `Tensor.type_as`. */
export function typeAs(this: Tensor, other: Tensor): Tensor {
  return to(this, other.dtype);
}

/** x where `condition` holds, else `other`. Follows `Tensor.where`. */
export function where(this: Tensor, condition: Tensor, other: Operand): Tensor {
  return chooseWhere(condition, this, other);
}

/** Overwrites part of x: PyTorch's `x[indices] = value`. See `assign`. */
export function set(this: Tensor, indices: readonly IndexItem[], value: IndexValue): Tensor {
  return assign(this, indices, value);
}

/** Adds up gradients into the leaves that x was computed from. Follows `Tensor.backward`. */
export function backward(this: Tensor, options: BackwardOptions = {}): void {
  runBackward(this, options.gradient ?? null, options);
}
