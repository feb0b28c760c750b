import * as fc from 'fast-check';
import { arrayConstructor, isFloatingPoint, type TypedArray } from '../dtype.ts';
import { offsetsOf } from '../ops/views/layout.ts';
import { memoryOf, valuesOf } from '../record/values.ts';
import { Storage } from '../storage.ts';
import { autogradOf, Tensor } from '../tensor.ts';
import { type TensorOptions, tensors } from './tensors.ts';

/** How a view lies in the memory of its storage. */
interface Placement {
  /** The dimensions from the outermost in memory to the innermost. */
  readonly order: readonly number[];
  /** For each dimension: the step of the slice, and how much the storage has before and after it. */
  readonly slices: readonly { readonly step: number; readonly before: number; readonly after: number }[];
}

function placements(rank: number): fc.Arbitrary<Placement> {
  const margin = fc.integer({ min: 0, max: 2 });
  const slice = fc.record({ step: fc.integer({ min: 1, max: 3 }), before: margin, after: margin });
  const dims = Array.from({ length: rank }, (_, d) => d);
  return fc.record({
    order: fc.shuffledSubarray(dims, { minLength: rank, maxLength: rank }),
    slices: fc.array(slice, { minLength: rank, maxLength: rank, size: 'max' }),
  });
}

/** Memory around a view is filled with what no result should contain. */
const filler = (x: Tensor): number => (isFloatingPoint(x.dtype) ? Number.NaN : x.dtype === 'bool' ? 1 : 113);

/** A leaf equal to x over a storage of its own, laid out by `placement`. */
function placed(x: Tensor, { order, slices }: Placement): Tensor {
  const { shape } = x;
  const strides = new Array<number>(shape.length).fill(0);
  let offset = 0;
  let size = 1;
  for (const d of order.toReversed()) {
    const { step, before, after } = slices[d]!;
    strides[d] = size * step;
    offset += size * before;
    size *= before + step * Math.max(shape[d]!, 1) + after;
  }
  const array = new (arrayConstructor(x.dtype))(size).fill(filler(x));
  const values = valuesOf(x, 'views');
  for (const [i, place] of offsetsOf(shape, strides).entries()) array[offset + place] = values[i]!;
  return leafOver(array, x, offset, strides);
}

function leafOver(array: TypedArray, like: Tensor, offset: number, strides: readonly number[]): Tensor {
  const out = new Tensor(new Storage(array), like.shape, like.dtype, offset, strides);
  autogradOf(out).leafRequiresGrad = autogradOf(like).leafRequiresGrad;
  return out;
}

/**
 * Tensors equal to `x` that lie otherwise in memory: with dimensions permuted, as slices with steps, as parts of a
 * larger storage whose other elements are NaN. They are leaves, and require a gradient where `x` does.
 */
export function nonContiguous(x: Tensor): fc.Arbitrary<Tensor> {
  return placements(x.shape.length).map((placement) => placed(x, placement));
}

/**
 * Tensors with the shape of `x` some of whose dimensions are expanded: of stride 0, all their elements the first of `x`
 * along them. `gradcheck` does not take them as inputs, since their elements cannot be changed one by one.
 */
export function expandedViews(x: Tensor): fc.Arbitrary<Tensor> {
  const rank = x.shape.length;
  const expanded = fc.array(fc.boolean(), { minLength: rank, maxLength: rank, size: 'max' });
  return expanded.chain((isExpanded) => {
    const shape = x.shape.map((size, d) => (isExpanded[d] ? Math.min(size, 1) : size));
    const kept = new Tensor(x.storage, shape, x.dtype, x.offset, x.strides);
    return nonContiguous(kept).map((view) =>
      leafOver(
        memoryOf(view, 'views'),
        x,
        view.offset,
        view.strides.map((s, d) => (isExpanded[d] ? 0 : s)),
      ),
    );
  });
}

/** Options of {@link views}. */
export interface ViewOptions extends TensorOptions {
  /** Whether views expanded with stride 0 occur as well. Default: false. */
  readonly expanded?: boolean;
}

/**
 * Tensors that are non-contiguous views: {@link tensors}, then {@link nonContiguous}.
 * @example
 * ```ts
 * const square = (x: Tensor) => x.square();
 * fc.assert(fc.property(views({ requiresGrad: true }), (x) => autograd.gradcheck(square, [x])));
 * ```
 */
export function views(options: ViewOptions = {}): fc.Arbitrary<Tensor> {
  return tensors(options).chain((x) =>
    options.expanded === true ? fc.oneof(nonContiguous(x), expandedViews(x)) : nonContiguous(x),
  );
}
