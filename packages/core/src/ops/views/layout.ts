import { K } from '../../arguments/index.ts';
import { allIntegers } from '../../arguments/sight.ts';
import { ShapeError } from '../../errors.ts';
import { isArray } from '../../readable.ts';
import { contiguousStrides, formatShape, numelOf, type Shape, sameShape } from '../../shape.ts';

/** How elements lie in a storage; a Tensor is one. */
export interface Layout {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Sizes or dimensions, given one by one or as one list: `permute(x, 1, 0)` or `permute(x, [1, 0])`. */
export type Sizes = number[] | [readonly number[]];

/** What a parameter `...sizes` takes: sizes one by one, or one list of them. */
export const sizesKind = K.kind(
  'sizes or dims, one by one or as one array',
  (x) => areSizes(x as Sizes),
  ShapeError,
);

export const sizesFrom = (sizes: Sizes): readonly number[] =>
  (sizes.length === 1 && isArray(sizes[0]) ? sizes[0] : sizes) as readonly number[];

/** Whether they are integers, as {@link sizesKind} asks, told without its call. */
export const areSizes = (sizes: Sizes): boolean => allIntegers(sizesFrom(sizes));

/** The layout of a fresh tensor. */
export const denseLayout = (shape: Shape): Layout => ({
  shape,
  strides: contiguousStrides(shape),
  offset: 0,
});

/** `layout` with dimension `d` replaced by the dimensions given (none, to drop it). */
export function replaceDim(
  layout: Layout,
  d: number,
  sizes: Shape,
  strides: Shape,
  offset = layout.offset,
): Layout {
  return {
    shape: [...layout.shape.slice(0, d), ...sizes, ...layout.shape.slice(d + 1)],
    strides: [...layout.strides.slice(0, d), ...strides, ...layout.strides.slice(d + 1)],
    offset,
  };
}

/**
 * The size of dimension `d`; 1 where there is none: a 0-dimensional tensor counts as a row of one element, as in
 * PyTorch.
 */
export const sizeAlong = ({ shape }: { readonly shape: Shape }, d: number): number => shape[d] ?? 1;

/** The stride of dimension `d`, under the same rule. */
export const strideAlong = ({ strides }: Layout, d: number): number => strides[d] ?? 1;

/** Sizes and strides, dimension by dimension. */
export const zipDims = (shape: Shape, strides: readonly number[]): { size: number; stride: number }[] =>
  shape.map((size, d) => ({ size, stride: strides[d]! }));

/** `layout` broadcast to `shape`: stretched dimensions have stride 0. */
export function broadcastLayout(layout: Layout, shape: Shape): Layout {
  const lead = shape.length - layout.shape.length;
  const strides = shape.map((size, d) =>
    d < lead || layout.shape[d - lead] !== size ? 0 : strideAlong(layout, d - lead),
  );
  return { shape, strides, offset: layout.offset };
}

/**
 * {@link broadcastLayout} with PyTorch's strides: a dimension of size 1 that comes in front of others strides over them,
 * as after `unsqueeze`.
 */
export function expandedLayout(layout: Layout, shape: Shape): Layout {
  const strides = [...broadcastLayout(layout, shape).strides];
  if (layout.shape.length === 0) return { shape, strides, offset: layout.offset };
  for (let d = shape.length - layout.shape.length - 1; d >= 0; d--) {
    if (shape[d] === 1) strides[d] = (shape[d + 1] ?? 1) * (strides[d + 1] ?? 1);
  }
  return { shape, strides, offset: layout.offset };
}

/** Fills in a size of -1 from the number of elements, with PyTorch's errors. */
export function inferSizes(sizes: Shape, count: number, caller: string): Shape {
  let unknown = -1;
  let known = 1;
  for (let d = 0; d < sizes.length; d++) {
    const size = sizes[d]!;
    if (size === -1) {
      if (unknown >= 0)
        throw new ShapeError(`${caller}: only one dimension can be inferred, got ${formatShape(sizes)}`);
      unknown = d;
    } else if (!Number.isInteger(size) || size < 0) {
      throw new ShapeError(
        `${caller}: invalid shape dimension ${size} at index ${d} of shape ${formatShape(sizes)}`,
      );
    } else known *= size;
  }
  if (unknown < 0) {
    if (known === count) return sizes.slice();
  } else if (known === 0) {
    throw new ShapeError(
      `${caller}: cannot reshape tensor of ${count} elements into shape ${formatShape(sizes)} because the ` +
        'unspecified dimension size -1 can be any value and is ambiguous',
    );
  } else if (count % known === 0) {
    const result = sizes.slice();
    result[unknown] = count / known;
    return result;
  }
  throw new ShapeError(`${caller}: shape '${formatShape(sizes)}' is invalid for input of size ${count}`);
}

/**
 * The strides with which the elements of a layout, in row-major order, appear in the shape `target`; `null` where they
 * do not lie regularly enough, so that a copy is needed.
 */
export function reshapedStrides(layout: Layout, target: Shape): number[] | null {
  const { shape, strides } = layout;
  if (numelOf(shape) === 0) return sameShape(shape, target) ? strides.slice() : contiguousStrides(target);
  if (shape.length === 0) return target.map(() => 1);
  const result = new Array<number>(target.length);
  let at = target.length - 1;
  // Dimensions that one stride steps through form a block; each block must be filled by whole target dimensions.
  let step = strideAlong(layout, shape.length - 1);
  let block = 1;
  let filled = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    block *= sizeAlong(layout, d);
    const ends = d === 0 || (shape[d - 1] !== 1 && strides[d - 1] !== block * step);
    if (!ends) continue;
    while (at >= 0 && (filled < block || target[at] === 1)) {
      result[at] = filled * step;
      filled *= target[at]!;
      at--;
    }
    if (filled !== block) return null;
    if (d > 0) {
      step = strideAlong(layout, d - 1);
      block = filled = 1;
    }
  }
  return at === -1 ? result : null;
}

/** The distance from the first element of each element of a layout, in row-major order. */
export function offsetsOf(shape: Shape, strides: readonly number[]): Int32Array {
  const offsets = new Int32Array(numelOf(shape));
  let filled = Math.min(offsets.length, 1);
  for (const { size, stride } of zipDims(shape, strides).reverse()) {
    const block = filled;
    for (let i = 1; i < size && block > 0; i++) {
      const step = i * stride;
      for (let j = 0; j < block; j++) offsets[filled++] = offsets[j]! + step;
    }
  }
  return offsets;
}

/** Whether two indices may lead to the same element. */
export function overlapsItself({ shape, strides }: Layout): boolean {
  const dims = zipDims(shape, strides.map(Math.abs)).filter(({ size }) => size > 1);
  let span = 0;
  for (const { size, stride } of dims.sort((a, b) => a.stride - b.stride)) {
    if (stride <= span) return true;
    span += stride * (size - 1);
  }
  return false;
}
