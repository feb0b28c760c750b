import type { TypedArray } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';
import { type Extent, extentOf, reduce } from '../../kernels/index.ts';
import { apply, applyMulti, defineMulti, definePrimitive, INPUT, OUTPUT } from '../../record/index.ts';
import { normalizeDim } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { zeros } from '../creation/fill.ts';
import { div, mul } from '../elementwise/arithmetic.ts';
import { maximum, minimum } from '../elementwise/binary.ts';
import { eq, isnan, logicalAnd, logicalOr } from '../elementwise/compare.ts';
import type { Operand } from '../elementwise/operation.ts';
import { scatter } from '../indexing/scatter.ts';
import type { ValuesAndIndices } from '../order/sorting.ts';
import { reshape } from '../views/shape.ts';
import {
  type Dims,
  type ReduceOptions,
  type Reduction,
  reductionOf,
  requireElements,
  restoreDims,
} from './reduction.ts';
import { sum } from './sum.ts';

type Side = 'max' | 'min';

/**
 * @internal The gradient in equal parts for all elements that equal the result. Follows PyTorch's `evenly_distribute_backward`, and, where
 * NaN does not match NaN, `scale_grad_by_count`.
 */
export function evenGradient(
  g: Tensor,
  x: Tensor,
  result: Tensor,
  attrs: Reduction,
  matchNaN = true,
): Tensor {
  const y = restoreDims(result, attrs, x.shape);
  const same = eq(x, y);
  const mask = to(matchNaN ? logicalOr(same, logicalAnd(isnan(x), isnan(y))) : same, g.dtype);
  return mul(mask, div(restoreDims(g, attrs, x.shape), sum(mask, attrs.dims, { keepdim: true })));
}

const extremum = (name: string, side: Side, matchNaN: boolean) =>
  definePrimitive<Reduction>({
    name,
    overload: () => (matchNaN ? 1 : 0),
    saves: INPUT(0) | OUTPUT,
    infer([x], attrs) {
      requireElements(x, attrs, name);
      return { shape: attrs.shape, dtype: x.dtype };
    },
    kernel: ([x], { dims }, out) => reduce(side, x, dims, out.storage.array, out.offset),
    derivative: (g, node) => [evenGradient(g, node.input(0), node.output(), node.attrs, matchNaN)],
  });

const amaxPrimitive = extremum('amax', 'max', false);
const aminPrimitive = extremum('amin', 'min', false);
const wholePrimitives = { max: extremum('max', 'max', true), min: extremum('min', 'min', true) };

/**
 * The greatest element over all dimensions, one or several; NaN where there is one. Elements that tie share the gradient.
 * Follows `torch.amax`.
 * @example amax(tensor([[1, 5], [3, 4]]), 0); // [3, 5]
 */
export function amax(x: Tensor, dims?: Dims, options?: ReduceOptions): Tensor {
  return apply(amaxPrimitive, [x], reductionOf(x, dims, options?.keepdim, 'amax'));
}

/** The least element; otherwise as {@link amax}. Follows `torch.amin`. */
export function amin(x: Tensor, dims?: Dims, options?: ReduceOptions): Tensor {
  return apply(aminPrimitive, [x], reductionOf(x, dims, options?.keepdim, 'amin'));
}

/** Options of {@link aminmax}. */
export interface AminmaxOptions extends ReduceOptions {
  /** Default: all dimensions. */
  readonly dim?: number;
}

/** {@link amin} and {@link amax} at once. Follows `torch.aminmax`. */
export function aminmax(x: Tensor, options: AminmaxOptions = {}): { min: Tensor; max: Tensor } {
  const { dim } = options;
  return { min: amin(x, dim, options), max: amax(x, dim, options) };
}

/** @internal The attributes of a reduction of one dimension, `null` for all in one row. */
export interface Search extends Reduction {
  readonly dim: number | null;
}

/** @internal What a caller's `dim` and `keepdim` mean for a search. */
export function searchOf(
  x: Tensor,
  dim: number | null,
  keepdim: boolean | undefined,
  caller: string,
): Search {
  const reduction = reductionOf(x, dim ?? undefined, keepdim, caller);
  requireElements(x, reduction, caller);
  return { ...reduction, dim: dim === null ? null : normalizeDim(dim, x.ndim, caller) };
}

/** @internal How a search walks a tensor. */
export const extentOfSearch = (x: Tensor, dim: number | null): Extent =>
  dim === null ? { outer: 1, n: x.count, inner: 1 } : extentOf(x.shape, dim);

/** Stores, for each row of `data`, where along it the row's value stands first; NaN is found too. */
function findFirst(
  data: TypedArray,
  values: TypedArray,
  { outer, n, inner }: Extent,
  indices: TypedArray,
): void {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const row = o * inner + i;
      const start = o * n * inner + i;
      indices[row] = positionOf(data, values[row]!, start, inner, n);
    }
  }
}

function positionOf(data: TypedArray, value: number, start: number, step: number, n: number): number {
  let r = 0;
  if (Number.isNaN(value)) {
    while (r < n - 1 && !Number.isNaN(data[start + r * step]!)) r++;
  } else if (data instanceof Float32Array) {
    while (r < n - 1 && data[start + r * step] !== value) r++;
  } else {
    while (r < n - 1 && data[start + r * step] !== value) r++;
  }
  return r;
}

/** @internal Puts gradients of chosen elements where these were found. Follows PyTorch's `value_selecting_reduction_backward`. */
export function selectionGradient(
  g: Tensor,
  indices: Tensor,
  attrs: Search,
  shape: readonly number[],
): Tensor {
  const dim = attrs.dim!;
  if (shape.length === 0) return g;
  const keep = (y: Tensor): Tensor =>
    y.ndim === shape.length ? y : reshape(y, [...shape.slice(0, dim), 1, ...shape.slice(dim + 1)]);
  return scatter(zeros(shape, { dtype: g.dtype }), dim, keep(indices), keep(g));
}

const extremumAlong = (side: Side) =>
  defineMulti<Search>({
    name: side,
    saves: OUTPUT,
    infer: ([x], { shape }) => [
      { shape, dtype: x.dtype },
      { shape, dtype: 'int32' },
    ],
    kernel([x], { dims, dim }, [values, indices]) {
      reduce(side, x, dims, values.storage.array);
      findFirst(x.data, values.storage.array, extentOfSearch(x, dim), indices.storage.array);
    },
    derivative: ([g], node) => [selectionGradient(g!, node.output(1), node.attrs, node.shape(0))],
  });

const alongPrimitives = { max: extremumAlong('max'), min: extremumAlong('min') };

function extremumOf(
  side: Side,
  x: Tensor,
  dim: number | Operand | null | undefined,
  options: ReduceOptions | undefined,
): Tensor | ValuesAndIndices {
  if (dim instanceof Tensor) return side === 'max' ? maximum(x, dim) : minimum(x, dim);
  if (dim === undefined || dim === null) {
    return apply(wholePrimitives[side], [x], reductionOf(x, undefined, options?.keepdim, side));
  }
  const attrs = searchOf(x, dim as number, options?.keepdim, side);
  const [values, indices] = applyMulti(alongPrimitives[side], [x], attrs);
  return { values: values!, indices: indices! };
}

/**
 * The greatest element; along `dim`, the greatest of each row and its (first) index; with another tensor, the greater of both,
 * broadcast. NaN wins. Without `dim` ties share the gradient, with it all goes to the index. Follows `torch.max`.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 5], [3, 4]]);
 * max(x); // 5
 * const { values, indices } = max(x, 1); // [5, 4], [1, 1]
 * ```
 */
export function max(x: Tensor): Tensor;
export function max(x: Tensor, dim: number, options?: ReduceOptions): ValuesAndIndices;
export function max(x: Tensor, other: Tensor): Tensor;
export function max(
  x: Tensor,
  dim?: number | Tensor | null,
  options?: ReduceOptions,
): Tensor | ValuesAndIndices {
  return extremumOf('max', x, dim, options);
}

/** The least element; otherwise as {@link max}. Follows `torch.min`. */
export function min(x: Tensor): Tensor;
export function min(x: Tensor, dim: number, options?: ReduceOptions): ValuesAndIndices;
export function min(x: Tensor, other: Tensor): Tensor;
export function min(
  x: Tensor,
  dim?: number | Tensor | null,
  options?: ReduceOptions,
): Tensor | ValuesAndIndices {
  return extremumOf('min', x, dim, options);
}

const searching = (name: string, side: Side) =>
  definePrimitive<Search>({
    name,
    infer([x], { shape }) {
      if (x.dtype === 'bool') {
        throw new DTypeError(`${name}(): does not support bool input; convert with to('uint8')`);
      }
      return { shape, dtype: 'int32' };
    },
    kernel([x], { dims, dim }, out) {
      const values = allocateArray(x.dtype, out.count);
      reduce(side, x, dims, values);
      findFirst(x.data, values, extentOfSearch(x, dim), out.storage.array);
    },
  });

const argmaxPrimitive = searching('argmax', 'max');
const argminPrimitive = searching('argmin', 'min');

/**
 * The index (int32) of the greatest element along `dim`, or, without it, in the tensor taken as one row; the first where several
 * tie. Follows `torch.argmax`.
 * @example argmax(tensor([[1, 5], [3, 4]]), 1); // [1, 1]
 */
export function argmax(x: Tensor, dim?: number | null, options?: ReduceOptions): Tensor {
  return apply(argmaxPrimitive, [x], searchOf(x, dim ?? null, options?.keepdim, 'argmax'));
}

/** The index of the least element; otherwise as {@link argmax}. Follows `torch.argmin`. */
export function argmin(x: Tensor, dim?: number | null, options?: ReduceOptions): Tensor {
  return apply(argminPrimitive, [x], searchOf(x, dim ?? null, options?.keepdim, 'argmin'));
}

/** The functions of this file that are methods too. */
export default { max, min, amax, amin, aminmax, argmax, argmin };
