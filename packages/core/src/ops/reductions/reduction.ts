import { describe } from '../../arguments/explain.ts';
import { K } from '../../arguments/index.ts';
import { type DType, isFloatingPoint } from '../../dtype.ts';
import { AutogradError, IndexError, ValueError } from '../../errors.ts';
import { isArray } from '../../readable.ts';
import { type GradNode, isGradEnabled } from '../../record/index.ts';
import { formatShape, normalizeDims, reducedShape, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { toWithin } from '../creation/to-within.ts';
import { div } from '../elementwise/arithmetic.ts';
import { expand, reshape } from '../views/shape.ts';
import type { Dims, ReduceOptions, SumOptions } from './options.ts';

export const reduceOptions = K.options<ReduceOptions>({ keepdim: K.flag });
export const sumKinds: K.Kinds<SumOptions> = { keepdim: K.flag, dtype: K.dtype };
export const sumOptions = K.options<SumOptions>(sumKinds);

/** Whether an argument is dims, or is taken for such, and not the options that may stand in their place. */
export const isDims = (x: Dims | object): x is Dims =>
  typeof x !== 'object' || x === null || isArray(x) || ArrayBuffer.isView(x);

/** The options that stand in the place of dims; others behind them would be lost. */
export function alone<O extends object>(caller: string, inPlace: O, options: object | undefined): O {
  if (options === undefined) return inPlace;
  throw new ValueError(
    `${caller}: got ${describe(inPlace)} in the place of dims, and options besides; write one options object`,
  );
}

/**
 * The arguments of a function whose options come at the place `last`, where they may stand in the place of any argument
 * but the first that is left out. What comes behind that place is kept, to be refused.
 */
export function optionsLast<A extends unknown[]>(caller: string, given: IArguments, last: number): A {
  const args = Array.from<unknown>(given);
  const at = args.findIndex((x, i) => i > 0 && i < last && !isDims(x as Dims | object));
  if (at < 0) return args as A;
  const beside = args.slice(at + 1, last + 1).find((x) => x !== undefined);
  const options = alone(caller, args[at] as object, beside as object | undefined);
  return [...args.slice(0, at), ...new Array<undefined>(last - at), options, ...args.slice(last + 1)] as A;
}

/** The attributes of a reduction. */
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

/** What a caller's `dim` and `keepdim` mean for a tensor. */
export function reductionOf(x: Tensor, dim: Dims, keepdim: boolean | undefined, caller: string): Reduction {
  const rank = x.shape.length;
  const all = allDims[rank];
  if (dim == null && all !== undefined) {
    return { dims: all, shape: keepdim === true ? reducedShape(x.shape, all, true) : scalarShape };
  }
  const dims = normalizeDims(dim, rank, caller);
  return { dims, shape: reducedShape(x.shape, dims, keepdim === true) };
}

/** PyTorch's number of the overload: 0 where the caller named no dims. */
export const overloadOf = ({ dims }: Reduction): number => (dims === allDims[dims.length] ? 0 : 1);

/** How many elements of a tensor of this shape each result is made of. */
export function reducedCount(shape: Shape, dims: readonly number[]): number {
  let n = 1;
  for (const d of dims) n *= shape[d]!;
  return n;
}

/** A result (or its gradient) with the reduced dimensions put back, so that it broadcasts against the input. */
export function restoreDims(y: Tensor, { dims }: Reduction, shape: Shape): Tensor {
  const rank = shape.length;
  const gone = dims.length;
  // Right alignment does it where the dimensions that are gone come first.
  if (y.shape.length === rank || gone === 0 || dims[gone - 1] === gone - 1) return y;
  return reshape(y, reducedShape(shape, dims, true));
}

/** The gradient of a sum: that of the result, for each element that went into it. */
export function spread(g: Tensor, node: GradNode<Reduction>): Tensor {
  const shape = node.shape(0);
  return expand(restoreDims(g, node.attrs, shape), shape);
}

/**
 * The gradient of a mean of `count` elements: each has its share of `g`. Of none there is no share, so that what comes
 * back through that, a sum of nothing, stays the 0 that it is and is not divided by 0.
 */
export function spreadShare(g: Tensor, node: GradNode<Reduction>, count: number): Tensor {
  return spread(count === 0 ? g : div(g, count), node);
}

/** PyTorch's errors for reductions that have no value for an empty tensor. */
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

/** Counts, and sums and products of integers, are int32. */
export const totalType = (dtype: DType): DType => (isFloatingPoint(dtype) ? dtype : 'int32');

/**
 * x as `dtype` says for a total, and that total brought to it. A bool is made of x itself: by way of an integer, 0.5
 * would count as false.
 */
export function totalAs(
  caller: string,
  x: Tensor,
  dtype: DType | undefined,
  total: (x: Tensor) => Tensor,
): Tensor {
  if (dtype === undefined || dtype === x.dtype) return toWithin(caller, total(x), dtype);
  if (!isFloatingPoint(dtype) && isGradEnabled() && x.requiresGrad) {
    throw new AutogradError(
      `${caller}: autograd does not support ${dtype}, and the input requires a gradient; detach() it, or leave out dtype`,
    );
  }
  const from = toWithin(caller, x, dtype === 'bool' ? dtype : totalType(dtype));
  return toWithin(caller, total(from), dtype);
}
