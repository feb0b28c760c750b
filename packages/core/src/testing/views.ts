import * as fc from 'fast-check';
import { arrayConstructor, isFloatingPoint, type TypedArray } from '../dtype.ts';
import { offsetsOf } from '../ops/views/layout.ts';
import { Storage } from '../storage.ts';
import { autogradOf, Tensor } from '../tensor.ts';
import { numelOf } from './core.ts';
import { type TensorOptions, tensors } from './tensors.ts';

/** How a view lies in the memory of its storage. */
interface Placement {
  /** The dimensions from the outermost in memory to the innermost. */
  readonly order: readonly number[];
  /** For each dimension: the step of the slice, and how much the storage has before and after it. */
  readonly steps: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

function placements(rank: number): fc.Arbitrary<Placement> {
  const perDimension = (min: number, max: number) =>
    fc.array(fc.integer({ min, max }), { minLength: rank, maxLength: rank, size: 'max' });
  const dims = Array.from({ length: rank }, (_, d) => d);
  return fc.record({
    order: fc.shuffledSubarray(dims, { minLength: rank, maxLength: rank }),
    steps: perDimension(1, 3),
    before: perDimension(0, 2),
    after: perDimension(0, 2),
  });
}

/** Memory around a view is filled with what no result should contain. */
const filler = (x: Tensor): number => (isFloatingPoint(x.dtype) ? Number.NaN : x.dtype === 'bool' ? 1 : 113);

/** A leaf equal to x over a storage of its own, laid out by `placement`. */
function placed(x: Tensor, { order, steps, before, after }: Placement): Tensor {
  const { shape } = x;
  const strides = new Array<number>(shape.length).fill(0);
  let offset = 0;
  let size = 1;
  for (let i = order.length - 1; i >= 0; i--) {
    const d = order[i]!;
    strides[d] = size * steps[d]!;
    offset += size * before[d]!;
    size *= before[d]! + steps[d]! * Math.max(shape[d]!, 1) + after[d]!;
  }
  const array = new (arrayConstructor(x.dtype))(size).fill(filler(x));
  write(array, offset, offsetsOf(shape, strides), x.data);
  return leafOver(array, x, offset, strides);
}

function write(array: TypedArray, offset: number, offsets: Int32Array, values: TypedArray): void {
  for (let i = 0; i < offsets.length; i++) array[offset + offsets[i]!] = values[i]!;
}

function leafOver(array: TypedArray, like: Tensor, offset: number, strides: readonly number[]): Tensor {
  const out = new Tensor(new Storage(array), like.shape, like.dtype, offset, strides);
  autogradOf(out).leafRequiresGrad = autogradOf(like).leafRequiresGrad;
  return out;
}

/**
 * Tensors equal to `x` that lie otherwise in memory: with dimensions permuted, as slices with steps, as parts of a
 * larger storage whose other elements are NaN. They are leaves, and require a gradient where `x` does.
 *
 * @example
 * ```ts
 * const pair = tensors().chain((x) => fc.tuple(fc.constant(x), nonContiguous(x)));
 * fc.assert(fc.property(pair, ([x, view]) => assertClose(view.exp(), x.exp())));
 * ```
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
    const values = new (arrayConstructor(x.dtype))(numelOf(shape));
    const source = offsetsOf(shape, x.strides);
    for (let i = 0; i < values.length; i++) values[i] = x.storage.array[x.offset + source[i]!]!;
    const kept = new Tensor(new Storage(values), shape, x.dtype);
    return nonContiguous(kept).map((view) =>
      leafOver(
        view.storage.array,
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
 *
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
