import type { DType } from '../../dtype.ts';
import { ShapeError, ValueError } from '../../errors.ts';
import { formatTensor } from '../../print/format.ts';
import { formatShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { autogradOf } from '../../tensor.ts';

/** Numbers (of a bool tensor: booleans), nested as the tensor's dimensions. */
export type NestedNumbers = number | boolean | NestedNumbers[];

/** The value of a tensor of one element, a `boolean` of a bool tensor. Follows `Tensor.item`. */
export function item(x: Tensor): number {
  if (x.count !== 1) {
    throw new ValueError(
      `item: a Tensor with ${x.count} elements cannot be converted to Scalar; its shape is ${formatShape(x.shape)}`,
    );
  }
  const value = x.storage.array[x.offset]!;
  return x.dtype === 'bool' ? ((value !== 0) as unknown as number) : value;
}

/** The elements as nested arrays: a number for 0 dimensions, `number[]` for one, and so on. Follows `Tensor.tolist`. */
export function toArray<T = NestedNumbers>(x: Tensor): T {
  const { data, shape } = x;
  const bool = x.dtype === 'bool';
  let at = 0;
  const build = (d: number): NestedNumbers => {
    if (d === shape.length) {
      const value = data[at++]!;
      return bool ? value !== 0 : value;
    }
    const list = new Array<NestedNumbers>(shape[d]!);
    for (let i = 0; i < list.length; i++) list[i] = build(d + 1);
    return list;
  };
  return build(0) as T;
}

/** What arithmetic and comparison operators of JavaScript see. Follows `Tensor.__float__`. */
export function toNumber(x: Tensor): number {
  if (x.count !== 1) {
    throw new ValueError(
      `only one element tensors can be converted to numbers, this one has shape ${formatShape(x.shape)}; operators such as ` +
        '* and < do not apply to tensors: write x.mul(y), x.lt(y)',
    );
  }
  return Number(item(x));
}

/** PyTorch's printed form. Follows `repr(tensor)`. */
export function toString(x: Tensor): string {
  return formatTensor(x, { requiresGrad: autogradOf(x).leafRequiresGrad, gradFnName: x.gradFn?.name });
}

/** Number of elements. Follows `Tensor.numel`. */
export const numel = (x: Tensor): number => x.count;
/** Number of dimensions. Follows `Tensor.dim`. */
export const dim = (x: Tensor): number => x.shape.length;
/** Whether the elements lie in row-major order without gaps. Follows `Tensor.is_contiguous`. */
export const isContiguous = (x: Tensor): boolean => x.dense;
/** Bytes of one element. Follows `Tensor.element_size`. */
export const elementSize = (x: Tensor): number => x.storage.array.BYTES_PER_ELEMENT;
/** Whether the dtype is a floating-point one. Follows `torch.is_floating_point`. */
export const isFloatingPoint = (x: Tensor): boolean => x.dtype === 'float32' || x.dtype === 'float64';

/** The shape, or the size of one dimension. Follows `Tensor.size`. */
export function size(x: Tensor): readonly number[];
export function size(x: Tensor, dim: number): number;
export function size(x: Tensor, dim?: number): number | readonly number[] {
  return dim === undefined ? x.shape : along(x, x.shape, dim, 'size');
}

/** The strides in elements, or that of one dimension. Follows `Tensor.stride`. */
export function stride(x: Tensor): readonly number[];
export function stride(x: Tensor, dim: number): number;
export function stride(x: Tensor, dim?: number): number | readonly number[] {
  return dim === undefined ? x.strides : along(x, x.strides, dim, 'stride');
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

/** The dtype names that `x.float()` and its kin convert to. */
export const conversions = {
  float: 'float32',
  double: 'float64',
  int: 'int32',
  long: 'int32',
  byte: 'uint8',
  bool: 'bool',
} as const satisfies Record<string, DType>;
