import { composition, K, signature } from '../../arguments/index.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { applyView, composed, valuesOf } from '../../record/index.ts';
import { formatShape, type Shape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { sizeAlong } from './layout.ts';
import { existingDim, rangeLayout } from './ranges.ts';
import { defineRegionView } from './region.ts';
import { sliceAlong } from './slices.ts';

// PyTorch prints the parts of a split with a name of their own.
const splitPrimitive = defineRegionView('split', rangeLayout);

/** Parts of the given sizes, one behind the other. */
function cut(x: Tensor, dim: number, sizes: readonly number[]): Tensor[] {
  let start = 0;
  return sizes.map((length) => {
    const part = applyView(splitPrimitive, x, { dim, start, step: 1, length });
    start += length;
    return part;
  });
}

/** As many parts as memory surely holds: each is a tensor of its own. */
const mostParts = 2 ** 20;

function checkParts(parts: number, caller: string): void {
  if (parts > mostParts)
    throw new ShapeError(`${caller}: ${parts} parts are more tensors than the ${mostParts} it gives at most`);
}

/**
 * Parts of `splitSize` along `dim`, the last one smaller where it does not divide; or, given a list, parts of these
 * sizes. All are views. Follows `torch.split`.
 * @throws ShapeError when x has no dimension or the sizes do not fit it, IndexError when `dim` is out of range.
 * @example split(arange(5), 2); // [ tensor([0, 1]), tensor([2, 3]), tensor([4]) ]
 */
export const split = composition(
  'split',
  { x: K.tensor, splitSize: K.sizeOrSizes, dim: K.integer },
  (x: Tensor, splitSize: number | Shape, dim = 0): Tensor[] => {
    if (typeof splitSize !== 'number') return splitWithSizes(x, splitSize, dim);
    if (x.shape.length === 0) throw new ShapeError('split expects at least a 1-dimensional tensor');
    const { d, size } = existingDim(x, dim, 'split');
    if (splitSize < 0) {
      throw new ShapeError(`split expects splitSize be non-negative, but got splitSize=${splitSize}`);
    }
    if (splitSize === 0 && size > 0) {
      throw new ShapeError(
        `split: splitSize can only be 0 if dimension size is 0, but got dimension size of ${size}`,
      );
    }
    const count = splitSize === 0 ? 1 : Math.max(Math.ceil(size / splitSize), 1);
    const sizes = Array.from({ length: count }, (_, i) => Math.min(splitSize, size - i * splitSize));
    return cut(x, d, sizes);
  },
);

const splitWithSizesTakes = signature('splitWithSizes', {
  x: K.tensor,
  splitSizes: K.sizes,
  dim: K.optional(K.integer),
});

/**
 * Parts of the given sizes along `dim`, as views. Follows `torch.split_with_sizes`.
 * @throws ShapeError when the sizes do not sum to that of the dimension, IndexError when `dim` is out of range.
 */
export function splitWithSizes(x: Tensor, splitSizes: Shape, dim = 0): Tensor[] {
  splitWithSizesTakes(arguments);
  if (x.shape.length === 0) throw new ShapeError('splitWithSizes: expects at least a 1-dimensional tensor');
  const { d, size } = existingDim(x, dim, 'splitWithSizes');
  if (splitSizes.some((s) => s < 0) || splitSizes.reduce((a, b) => a + b, 0) !== size) {
    throw new ShapeError(
      `splitWithSizes expects non-negative splitSizes that sum exactly to ${size} (input tensor's size at dimension ${d}), ` +
        `but got splitSizes=${formatShape(splitSizes)}`,
    );
  }
  return cut(x, d, splitSizes).map((part) => composed('split_with_sizes', part, x));
}

const chunkTakes = signature('chunk', { x: K.tensor, chunks: K.integer, dim: K.optional(K.integer) });

/**
 * At most `chunks` parts of equal size along `dim`, the last one possibly smaller; views. Follows `torch.chunk`.
 * @throws ShapeError when x has no dimension or `chunks` is not positive, IndexError when `dim` is out of range.
 * @example chunk(arange(5), 3); // [ tensor([0, 1]), tensor([2, 3]), tensor([4]) ]
 */
export function chunk(x: Tensor, chunks: number, dim = 0): Tensor[] {
  chunkTakes(arguments);
  if (x.shape.length === 0) throw new ShapeError('chunk expects at least a 1-dimensional tensor');
  if (chunks <= 0) {
    throw new ShapeError(`chunk expects \`chunks\` to be greater than 0, got: ${chunks}`);
  }
  const { d, size } = existingDim(x, dim, 'chunk');
  // An empty dimension is not split into fewer parts, as in PyTorch.
  if (size === 0) {
    checkParts(chunks, 'chunk');
    return cut(x, d, new Array<number>(chunks).fill(0));
  }
  return split(x, Math.ceil(size / chunks), d);
}

/**
 * So many parts, the first ones larger by one where it does not divide; or, given a list (or an int32 vector) of
 * indices, the parts between them. All are views. Follows `torch.tensor_split`.
 * @throws ShapeError when x has no dimension or the number of parts is not positive, IndexError when `dim` is out of
 *   range.
 * @example
 * ```ts
 * tensorSplit(arange(5), 3); // [ tensor([0, 1]), tensor([2, 3]), tensor([4]) ]
 * tensorSplit(arange(5), [1, 4]); // [ tensor([0]), tensor([1, 2, 3]), tensor([4]) ]
 * ```
 */
export const tensorSplit = composition(
  'tensorSplit',
  {
    x: K.tensor,
    indicesOrSections: K.either(K.sizeOrSizes, K.tensor),
    dim: K.integer,
  },
  (x: Tensor, indicesOrSections: number | Shape | Tensor, dim = 0): Tensor[] => {
    if (x.shape.length === 0)
      throw new ShapeError('tensorSplit expected at least a 1-dimensional tensor, but got 0 dims');
    const { d, size } = existingDim(x, dim, 'tensorSplit');
    const wanted = indicesOrSections instanceof Tensor ? numbersOf(indicesOrSections) : indicesOrSections;
    if (typeof wanted !== 'number') {
      return [...wanted, null].map((stop, i) => sliceAlong(x, d, { start: wanted[i - 1] ?? 0, stop }));
    }
    if (wanted <= 0) {
      throw new ShapeError(`tensorSplit: number of sections must be larger than 0, got ${wanted}`);
    }
    checkParts(wanted, 'tensorSplit');
    const least = Math.floor(size / wanted);
    const sizes = Array.from({ length: wanted }, (_, i) => least + (i < size % wanted ? 1 : 0));
    return cut(x, d, sizes).map((part) => composed('slice', part, x));
  },
);

/** One number of a 0-dimensional tensor, a list of any other. */
function numbersOf(x: Tensor): number | Shape {
  if (x.dtype !== 'int32') {
    throw new DTypeError(
      `tensorSplit: expected an int32 tensor of indices or sections, got ${x.dtype}; convert with to('int32')`,
    );
  }
  const list = [...valuesOf(x, 'tensor_split: where to split')];
  const [only = 0] = list;
  return x.shape.length === 0 ? only : list;
}

/** {@link tensorSplit}, with a number of sections that must divide the dimension. */
function splitter(name: string, least: number, dimOf: (rank: number) => number) {
  const parameters = { x: K.tensor, indicesOrSections: K.sizeOrSizes };
  return composition(name, parameters, (x: Tensor, indicesOrSections: number | Shape): Tensor[] => {
    const rank = x.shape.length;
    if (rank < least) {
      throw new ShapeError(
        `${name} requires a tensor with at least ${least} dimension, but got a tensor with ${rank} dimensions!`,
      );
    }
    const d = dimOf(rank);
    const size = sizeAlong(x, d);
    if (typeof indicesOrSections === 'number' && size % indicesOrSections !== 0) {
      throw new ShapeError(
        `${name} attempted to split along dimension ${d}, but the size of the dimension ${size} is not divisible ` +
          `by the splitSize ${indicesOrSections}!`,
      );
    }
    return tensorSplit(x, indicesOrSections, d);
  });
}

/**
 * {@link tensorSplit} along columns (of one dimension: elements). Follows `torch.hsplit`.
 * @throws ShapeError when x has no dimension or the number of parts does not divide it.
 */
export const hsplit = splitter('hsplit', 1, (rank) => (rank === 1 ? 0 : 1));
/**
 * {@link tensorSplit} along rows. Follows `torch.vsplit`.
 * @throws ShapeError when x has fewer than two dimensions or the number of parts does not divide the rows.
 */
export const vsplit = splitter('vsplit', 2, () => 0);
/**
 * {@link tensorSplit} along the third dimension. Follows `torch.dsplit`.
 * @throws ShapeError when x has fewer than three dimensions or the number of parts does not divide the third.
 */
export const dsplit = splitter('dsplit', 3, () => 2);
