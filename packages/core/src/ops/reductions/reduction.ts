import type { DType } from '../../dtype.ts';
import { IndexError } from '../../errors.ts';
import type { GradNode } from '../../record/index.ts';
import { formatShape, normalizeDims, reducedShape, type Shape } from '../../shape.ts';
import { requireTensors, type Tensor } from '../../tensor.ts';
import { expand, reshape } from '../views/shape.ts';

/** One dimension, several, or (`undefined`, `null`, `[]`) all of them. */
export type Dims = number | readonly number[] | null | undefined;

/** Options of reductions. */
export interface ReduceOptions {
  /** Whether reduced dimensions stay, with size 1. Default: false. */
  readonly keepdim?: boolean;
}

/** Options of reductions that can compute in another dtype. */
export interface SumOptions extends ReduceOptions {
  /** The tensor is converted to this dtype first. Default: its own, int32 for bools and integers. */
  readonly dtype?: DType;
}

/** @internal The attributes of a reduction. */
export interface Reduction {
  /** The dimensions that go: normalised, ascending. */
  readonly dims: readonly number[];
  /** The shape that is left. */
  readonly shape: Shape;
}

/** `allDims[r]` lists the dimensions of a tensor of rank r. */
const allDims: readonly (readonly number[])[] = Array.from({ length: 9 }, (_, rank) =>
  Array.from({ length: rank }, (_, d) => d),
);
const scalarShape: Shape = [];

/** @internal What a caller's `dim` and `keepdim` mean for a tensor. */
export function reductionOf(x: Tensor, dim: Dims, keepdim: boolean | undefined, caller: string): Reduction {
  if (x?.storage === undefined) requireTensors(caller, x);
  const rank = x.shape.length;
  if (dim === undefined && rank < allDims.length) {
    const dims = allDims[rank]!;
    return { dims, shape: keepdim === true ? reducedShape(x.shape, dims, true) : scalarShape };
  }
  const dims = normalizeDims(dim, rank, caller);
  return { dims, shape: reducedShape(x.shape, dims, keepdim === true) };
}

/** @internal PyTorch's number of the overload: 0 where the caller named no dims. */
export const overloadOf = ({ dims }: Reduction): number => (dims === allDims[dims.length] ? 0 : 1);

/** @internal How many elements each result is made of. */
export function reducedCount(x: Tensor, { dims }: Reduction): number {
  const { shape } = x;
  if (dims.length === shape.length) return x.count;
  let n = 1;
  for (let i = 0; i < dims.length; i++) n *= shape[dims[i]!]!;
  return n;
}

/** @internal A result (or its gradient) with the reduced dimensions put back, so that it broadcasts against the input. */
export function restoreDims(y: Tensor, { dims }: Reduction, shape: Shape): Tensor {
  const rank = shape.length;
  const gone = dims.length;
  // Right alignment does it where the dimensions that are gone come first.
  if (y.shape.length === rank || gone === 0 || dims[gone - 1] === gone - 1) return y;
  return reshape(y, reducedShape(shape, dims, true));
}

/** @internal The gradient of a sum: that of the result, for each element that went into it. */
export function spread(g: Tensor, node: GradNode<Reduction>): Tensor {
  const shape = node.shape(0);
  return expand(restoreDims(g, node.attrs, shape), shape);
}

/** @internal PyTorch's errors for reductions that have no value for an empty tensor. */
export function requireElements(x: Tensor, { dims, shape }: Reduction, caller: string): void {
  if (x.count > 0) return;
  const whole = dims.length === x.shape.length;
  if (whole && shape.length === 0) {
    throw new IndexError(
      `${caller}(): Expected reduction dim to be specified for a tensor without elements (shape ${formatShape(x.shape)}). ` +
        "Specify the reduction dim with the 'dim' argument.",
    );
  }
  for (const d of dims) {
    if (x.shape[d] === 0) {
      throw new IndexError(
        `${caller}(): Expected reduction dim ${d} to have non-zero size, got shape ${formatShape(x.shape)}.`,
      );
    }
  }
}
