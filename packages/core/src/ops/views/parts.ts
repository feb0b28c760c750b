import { IndexError, ShapeError, ValueError } from '../../errors.ts';
import { applyView, composed } from '../../record/index.ts';
import { checkInteger, formatShape, normalizeDim, type Shape, sameShape } from '../../shape.ts';
import { requireTensors, Tensor } from '../../tensor.ts';
import { clone } from '../creation/copy.ts';
import { denseLayout, type Layout, replaceDim } from './layout.ts';
import { defineRegionView, embedRegion, putRegion } from './region.ts';

/** `length` indices of dimension `dim` from `start` on, `step` apart. */
interface Range {
  readonly dim: number;
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

export const rangeLayout = (x: Layout, { dim, start, step, length }: Range): Layout =>
  replaceDim(x, dim, [length], [x.strides[dim]! * step], x.offset + start * x.strides[dim]!);

const rangePrimitive = defineRegionView('slice', rangeLayout);
// PyTorch prints the parts of a split and of unbind with names of their own.
const splitPrimitive = defineRegionView('split', rangeLayout);

/** A dimension, wrapped; of a 0-dimensional tensor there is none. */
function existingDim(x: Tensor, dim: number, caller: string): number {
  if (!(x instanceof Tensor)) requireTensors(caller, x);
  const d = normalizeDim(dim, x.shape.length, caller);
  if (x.shape.length === 0) throw new IndexError(`${caller}() cannot be applied to a 0-dim tensor.`);
  return d;
}

/** Which indices of a dimension a slice takes: bounds may be negative (from the end) and are clipped. */
export interface SliceRange {
  readonly start?: number | null;
  /** First index no longer taken. */
  readonly stop?: number | null;
  readonly step?: number | null;
}

/** The indices that a slice takes of a dimension of `size`, by Python's rules. */
export function resolveSlice(
  size: number,
  { start, stop, step }: SliceRange,
  caller: string,
): Omit<Range, 'dim'> {
  const by = step ?? 1;
  for (const value of [start ?? 0, stop ?? 0, by]) {
    if (!Number.isInteger(value))
      throw new IndexError(`${caller}: slice indices must be integers, got ${value}`);
  }
  if (by <= 0)
    throw new ValueError(
      `${caller}: slice step must be greater than zero, got ${by}; flip() reverses a dimension`,
    );
  const clip = (i: number): number => Math.min(Math.max(i < 0 ? i + size : i, 0), size);
  const first = clip(start ?? 0);
  return { start: first, step: by, length: Math.max(0, Math.ceil((clip(stop ?? size) - first) / by)) };
}

/** Part of a dimension, as Python's `x[start:stop:step]` along `dim`. Follows PyTorch's slicing. */
export function sliceAlong(x: Tensor, dim: number, range: SliceRange = {}): Tensor {
  const d = existingDim(x, dim, 'slice');
  return applyView(rangePrimitive, x, { dim: d, ...resolveSlice(x.shape[d]!, range, 'slice') });
}

/**
 * The indices `start` to `start + length` of a dimension, as a view. Follows `torch.narrow`.
 * @example narrow(arange(5), 0, 1, 3); // [1, 2, 3]
 */
export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  const d = existingDim(x, dim, 'narrow');
  const size = x.shape[d]!;
  if (!Number.isInteger(length) || length < 0) {
    throw new ShapeError(`narrow(): length must be a non-negative integer, got ${length}`);
  }
  if (!Number.isInteger(start) || start < -size || start > size) {
    throw new IndexError(
      `narrow: start out of range (expected to be in range of [${-size}, ${size}], but got ${start})`,
    );
  }
  const first = start < 0 ? start + size : start;
  if (first + length > size) {
    throw new ShapeError(
      `narrow: start (${first}) + length (${length}) exceeds dimension size (${size}) of dim ${d} of ${formatShape(x.shape)}`,
    );
  }
  return applyView(rangePrimitive, x, { dim: d, start: first, step: 1, length });
}

interface Selection {
  readonly dim: number;
  readonly index: number;
}

const selectLayout = (x: Layout, { dim, index }: Selection): Layout =>
  replaceDim(x, dim, [], [], x.offset + index * x.strides[dim]!);

const selectPrimitive = defineRegionView('select', selectLayout);
const unbindPrimitive = defineRegionView('unbind', selectLayout);

function selection(x: Tensor, dim: number, index: number, caller: string): Selection {
  const d = existingDim(x, dim, caller);
  const size = x.shape[d]!;
  if (!Number.isInteger(index) || index < -size || index >= size) {
    throw new IndexError(
      `${caller}(): index ${index} out of range for tensor of size ${formatShape(x.shape)} at dimension ${d}`,
    );
  }
  return { dim: d, index: index < 0 ? index + size : index };
}

/** One index of a dimension, which is dropped. Follows `torch.select`. */
export function select(x: Tensor, dim: number, index: number): Tensor {
  return applyView(selectPrimitive, x, selection(x, dim, index, 'select'));
}

/** {@link select} of each index of a dimension. Follows `torch.unbind`. */
export function unbind(x: Tensor, dim = 0): Tensor[] {
  const d = existingDim(x, dim, 'unbind');
  return Array.from({ length: x.shape[d]! }, (_, index) => applyView(unbindPrimitive, x, { dim: d, index }));
}

function cut(x: Tensor, dim: number, sizes: readonly number[]): Tensor[] {
  let start = 0;
  return sizes.map((length) => {
    const part = applyView(splitPrimitive, x, { dim, start, step: 1, length });
    start += length;
    return part;
  });
}

/**
 * Parts of `splitSize` along `dim`, the last one smaller where it does not divide; or, given a list, parts of these sizes.
 * Follows `torch.split`.
 *
 * @example
 * ```ts
 * split(arange(5), 2); // [0, 1], [2, 3], [4]
 * ```
 */
export function split(x: Tensor, splitSize: number | Shape, dim = 0): Tensor[] {
  if (typeof splitSize !== 'number') return splitWithSizes(x, splitSize, dim);
  if (x.shape.length === 0) throw new ShapeError('split expects at least a 1-dimensional tensor');
  const d = existingDim(x, dim, 'split');
  const size = x.shape[d]!;
  if (!Number.isInteger(splitSize) || splitSize < 0) {
    throw new ShapeError(`split expects splitSize be non-negative, but got splitSize=${splitSize}`);
  }
  if (splitSize === 0 && size > 0) {
    throw new ShapeError(
      `split: splitSize can only be 0 if dimension size is 0, but got dimension size of ${size}`,
    );
  }
  const count = splitSize === 0 ? 1 : Math.max(Math.ceil(size / splitSize), 1);
  return cut(
    x,
    d,
    Array.from({ length: count }, (_, i) => Math.min(splitSize, size - i * splitSize)),
  );
}

/** Parts of the given sizes along `dim`. Follows `torch.split_with_sizes`. */
export function splitWithSizes(x: Tensor, splitSizes: Shape, dim = 0): Tensor[] {
  if (x.shape.length === 0) throw new ShapeError('split expects at least a 1-dimensional tensor');
  const d = existingDim(x, dim, 'splitWithSizes');
  const size = x.shape[d]!;
  if (
    splitSizes.some((s) => !Number.isInteger(s) || s < 0) ||
    splitSizes.reduce((a, b) => a + b, 0) !== size
  ) {
    throw new ShapeError(
      `splitWithSizes expects non-negative splitSizes that sum exactly to ${size} (input tensor's size at dimension ${d}), ` +
        `but got splitSizes=${formatShape(splitSizes)}`,
    );
  }
  return cut(x, d, splitSizes);
}

/** At most `chunks` parts of equal size along `dim`, the last one possibly smaller. Follows `torch.chunk`. */
export function chunk(x: Tensor, chunks: number, dim = 0): Tensor[] {
  if (x.shape.length === 0) throw new ShapeError('chunk expects at least a 1-dimensional tensor');
  if (!Number.isInteger(chunks) || chunks <= 0) {
    throw new ShapeError(`chunk expects \`chunks\` to be greater than 0, got: ${chunks}`);
  }
  const d = existingDim(x, dim, 'chunk');
  const size = x.shape[d]!;
  // An empty dimension is not split into fewer parts, as in PyTorch.
  if (size === 0) return cut(x, d, new Array<number>(chunks).fill(0));
  return split(x, Math.ceil(size / chunks), d);
}

/**
 * So many parts, the first ones larger by one where it does not divide; or, given a list of indices, the parts between
 * them. Follows `torch.tensor_split`.
 *
 * @example
 * ```ts
 * tensorSplit(arange(5), 3); // [0, 1], [2, 3], [4]
 * tensorSplit(arange(5), [1, 4]); // [0], [1, 2, 3], [4]
 * ```
 */
export function tensorSplit(x: Tensor, indicesOrSections: number | Shape | Tensor, dim = 0): Tensor[] {
  if (x.shape.length === 0)
    throw new ShapeError('tensorSplit expected at least a 1-dimensional tensor, but got 0 dims');
  const d = existingDim(x, dim, 'tensorSplit');
  const size = x.shape[d]!;
  let wanted = indicesOrSections;
  if (wanted instanceof Tensor) wanted = wanted.shape.length === 0 ? wanted.data[0]! : [...wanted.data];
  if (typeof wanted === 'number') {
    const sections = wanted;
    if (!Number.isInteger(sections) || sections <= 0) {
      throw new ShapeError(`tensorSplit: number of sections must be larger than 0, got ${sections}`);
    }
    const least = Math.floor(size / sections);
    return cut(
      x,
      d,
      Array.from({ length: sections }, (_, i) => least + (i < size % sections ? 1 : 0)),
    );
  }
  const bounds = [...wanted, size];
  return bounds.map((stop, i) =>
    sliceAlong(x, d, { start: bounds[i - 1] ?? 0, stop: i < wanted.length ? stop : null }),
  );
}

/** {@link tensorSplit}, with a number of sections that must divide the dimension. */
function splitter(name: string, least: number, dimOf: (rank: number) => number) {
  return (x: Tensor, indicesOrSections: number | Shape): Tensor[] => {
    const rank = x.shape.length;
    if (rank < least) {
      throw new ShapeError(
        `${name} requires a tensor with at least ${least} dimension, but got a tensor with ${rank} dimensions!`,
      );
    }
    const d = dimOf(rank);
    if (typeof indicesOrSections === 'number' && x.shape[d]! % indicesOrSections !== 0) {
      throw new ShapeError(
        `${name} attempted to split along dimension ${d}, but the size of the dimension ${x.shape[d]} is not divisible ` +
          `by the splitSize ${indicesOrSections}!`,
      );
    }
    return tensorSplit(x, indicesOrSections, d);
  };
}

/** Splits columns (of one dimension: elements). Follows `torch.hsplit`. */
export const hsplit = splitter('hsplit', 1, (rank) => (rank === 1 ? 0 : 1));
/** Splits rows. Follows `torch.vsplit`. */
export const vsplit = splitter('vsplit', 2, () => 0);
/** Splits along the third dimension. Follows `torch.dsplit`. */
export const dsplit = splitter('dsplit', 3, () => 2);

interface Diagonal {
  readonly offset: number;
  readonly dim1: number;
  readonly dim2: number;
}

function diagonalLayout(x: Layout, { offset, dim1, dim2 }: Diagonal): Layout {
  const [rows, columns] = [x.shape[dim1]!, x.shape[dim2]!];
  const length = Math.max(
    0,
    offset >= 0 ? Math.min(rows, columns - offset) : Math.min(rows + offset, columns),
  );
  const first = length === 0 ? 0 : offset >= 0 ? offset * x.strides[dim2]! : -offset * x.strides[dim1]!;
  const keep = (_: number, d: number): boolean => d !== dim1 && d !== dim2;
  return {
    shape: [...x.shape.filter(keep), length],
    strides: [...x.strides.filter(keep), x.strides[dim1]! + x.strides[dim2]!],
    offset: x.offset + first,
  };
}

const diagonalPrimitive = defineRegionView('diagonal', diagonalLayout);

/** Options of {@link diagonal}, {@link diagonalScatter} and {@link diagEmbed}. */
export interface DiagonalOptions {
  /** 0: the main diagonal; positive: above it; negative: below. Default: 0. */
  readonly offset?: number;
  /** The dimension of the rows. */
  readonly dim1?: number;
  /** The dimension of the columns. */
  readonly dim2?: number;
}

function resolveDiagonal(
  rank: number,
  options: DiagonalOptions,
  defaults: readonly [number, number],
  caller: string,
): Diagonal {
  const dim1 = normalizeDim(options.dim1 ?? defaults[0], rank, caller);
  const dim2 = normalizeDim(options.dim2 ?? defaults[1], rank, caller);
  if (dim1 === dim2) {
    throw new ShapeError(
      `${caller}: diagonal dimensions cannot be identical ${options.dim1 ?? defaults[0]}, ${options.dim2 ?? defaults[1]}`,
    );
  }
  const offset = options.offset ?? 0;
  checkInteger(offset, 'offset', caller);
  return { offset, dim1, dim2 };
}

/** A diagonal of the matrices in `dim1` (default 0) and `dim2` (default 1), as the last dimension of a view. Follows `torch.diagonal`. */
export function diagonal(x: Tensor, options: DiagonalOptions = {}): Tensor {
  return applyView(diagonalPrimitive, x, resolveDiagonal(x.shape.length, options, [0, 1], 'diagonal'));
}

/**
 * Matrices, in `dim1` (default -2) and `dim2` (default -1) of the result, that are 0 but for the last dimension of x on a
 * diagonal. Follows `torch.diag_embed`.
 */
export function diagEmbed(x: Tensor, options: DiagonalOptions = {}): Tensor {
  if (x.shape.length === 0)
    throw new ShapeError('diagEmbed: expected at least one dimension, got a 0-dim tensor');
  const rank = x.shape.length + 1;
  const attrs = resolveDiagonal(rank, options, [-2, -1], 'diagEmbed');
  const size = x.shape.at(-1)! + Math.abs(attrs.offset);
  const batch = x.shape.slice(0, -1);
  const shape = Array.from({ length: rank }, (_, d) =>
    d === attrs.dim1 || d === attrs.dim2 ? size : batch.shift()!,
  );
  return embedRegion(x, shape, diagonalLayout(denseLayout(shape), attrs));
}

/** Of a vector the matrix that has it on a diagonal; of a matrix a copy of that diagonal. Follows `torch.diag`. */
export function diag(x: Tensor, options: number | { readonly diagonal?: number } = {}): Tensor {
  const offset = typeof options === 'number' ? options : (options.diagonal ?? 0);
  if (x.shape.length === 1) return diagEmbed(x, { offset });
  if (x.shape.length === 2) return clone(diagonal(x, { offset }));
  throw new ShapeError(`diag(): Supports 1D or 2D tensors. Got ${x.shape.length}D`);
}

interface Windows {
  readonly dim: number;
  readonly size: number;
  readonly step: number;
}

const unfoldPrimitive = defineRegionView<Windows>('unfold', (x, { dim, size, step }) => {
  if (x.shape.length === 0) return { shape: [size], strides: [1], offset: x.offset };
  const stride = x.strides[dim]!;
  const windows = Math.floor((x.shape[dim]! - size) / step) + 1;
  const moved = replaceDim(x, dim, [windows], [stride * step]);
  return { shape: [...moved.shape, size], strides: [...moved.strides, stride], offset: x.offset };
});

/**
 * Windows of `size` along `dim`, `step` apart, each in a new last dimension; a view. Follows `Tensor.unfold`.
 * @example unfold(arange(5), 0, 3, 1); // [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
 */
export function unfold(x: Tensor, dim: number, size: number, step: number): Tensor {
  const d = normalizeDim(dim, x.shape.length, 'unfold');
  const available = x.shape.length === 0 ? 1 : x.shape[d]!;
  if (!Number.isInteger(size) || size < 0) throw new ShapeError(`unfold: size is ${size} but must be >= 0`);
  if (size > available) {
    throw new ShapeError(
      `unfold: maximum size for tensor at dimension ${d} is ${available} but size is ${size}`,
    );
  }
  if (!Number.isInteger(step) || step <= 0) throw new ShapeError(`unfold: step is ${step} but must be > 0`);
  return applyView(unfoldPrimitive, x, { dim: d, size, step });
}

function scatterInto(x: Tensor, source: Tensor, region: Layout, caller: string): Tensor {
  if (!sameShape(source.shape, region.shape)) {
    throw new ShapeError(
      `${caller}: expected src to have a size equal to the slice of self. src size = ${formatShape(source.shape)}, slice ` +
        `size = ${formatShape(region.shape)}`,
    );
  }
  const name = caller.replace('Scatter', '_scatter');
  return composed(name, putRegion(x, source, region), x, source);
}

/** A copy of x in which `source` takes the place of `select(x, dim, index)`. Follows `torch.select_scatter`. */
export function selectScatter(x: Tensor, source: Tensor, dim: number, index: number): Tensor {
  const region = selectLayout(denseLayout(x.shape), selection(x, dim, index, 'selectScatter'));
  return scatterInto(x, source, region, 'selectScatter');
}

/** A copy of x in which `source` takes the place of a slice along `dim`. Follows `torch.slice_scatter`. */
export function sliceScatter(x: Tensor, source: Tensor, dim = 0, range: SliceRange = {}): Tensor {
  const d = existingDim(x, dim, 'sliceScatter');
  const taken = resolveSlice(x.shape[d]!, range, 'sliceScatter');
  return scatterInto(x, source, rangeLayout(denseLayout(x.shape), { dim: d, ...taken }), 'sliceScatter');
}

/** A copy of x in which `source` takes the place of a diagonal. Follows `torch.diagonal_scatter`. */
export function diagonalScatter(x: Tensor, source: Tensor, options: DiagonalOptions = {}): Tensor {
  const attrs = resolveDiagonal(x.shape.length, options, [0, 1], 'diagonalScatter');
  return scatterInto(x, source, diagonalLayout(denseLayout(x.shape), attrs), 'diagonalScatter');
}

/** The functions of this file that are methods too. */
export default {
  unbind,
  split,
  splitWithSizes,
  chunk,
  tensorSplit,
  hsplit,
  vsplit,
  dsplit,
  narrow,
  select,
  sliceAlong,
  diagonal,
  diagEmbed,
  diag,
  unfold,
  selectScatter,
  sliceScatter,
  diagonalScatter,
};
