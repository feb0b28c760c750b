import { K, signature } from '../../arguments/index.ts';
import { IndexError, ShapeError } from '../../errors.ts';
import { applyView } from '../../record/index.ts';
import { formatShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { denseLayout, type Layout, replaceDim, strideAlong } from './layout.ts';
import { bound, existingDim, rangeLayout, resolveSlice, type SliceRange, sliceRange } from './ranges.ts';
import { defineRegionView, scatterInto } from './region.ts';

const rangePrimitive = defineRegionView('slice', rangeLayout);

const sliceAlongTakes = signature('sliceAlong', { x: K.tensor, dim: K.integer, range: sliceRange });

/**
 * Part of a dimension as a view: Python's `x[start:stop:step]` along `dim`. Follows PyTorch's slicing.
 * @throws IndexError when `dim` is out of range or a bound is no integer, ValueError when `step` is not positive.
 * @example sliceAlong(arange(6), 0, { start: 1, step: 2 }); // tensor([1, 3, 5])
 */
export function sliceAlong(x: Tensor, dim: number, range: SliceRange = {}): Tensor {
  sliceAlongTakes(arguments);
  const { d, size } = existingDim(x, dim, 'sliceAlong');
  return applyView(rangePrimitive, x, { dim: d, ...resolveSlice(size, range, 'sliceAlong') });
}

const narrowTakes = signature('narrow', { x: K.tensor, dim: K.integer, start: K.integer, length: K.integer });

/**
 * The indices `start` to `start + length` of a dimension, as a view. Follows `torch.narrow`.
 * @throws IndexError when `dim` or `start` is out of range, ShapeError when the dimension ends before `start + length`.
 * @example narrow(arange(5), 0, 1, 3); // tensor([1, 2, 3])
 */
export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  narrowTakes(arguments);
  const { d, size } = existingDim(x, dim, 'narrow');
  if (length < 0) {
    throw new ShapeError(`narrow(): length must be a non-negative integer, got ${length}`);
  }
  if (start < -size || start > size) {
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
  replaceDim(x, dim, [], [], x.offset + index * strideAlong(x, dim));

const selectPrimitive = defineRegionView('select', selectLayout);
// PyTorch prints what unbind gives with a name of its own.
const unbindPrimitive = defineRegionView('unbind', selectLayout);

function selection(x: Tensor, dim: number, index: number, caller: string): Selection {
  const { d, size } = existingDim(x, dim, caller);
  if (index < -size || index >= size) {
    throw new IndexError(
      `${caller}(): index ${index} out of range for tensor of size ${formatShape(x.shape)} at dimension ${d}`,
    );
  }
  return { dim: d, index: index < 0 ? index + size : index };
}

const selectTakes = signature('select', { x: K.tensor, dim: K.integer, index: K.integer });

/**
 * One index of a dimension, which is dropped: a view. Follows `torch.select`.
 * @throws IndexError when `dim` or `index` is out of range.
 * @example select(tensor([[1, 2], [3, 4]]), 1, -1); // tensor([2, 4])
 */
export function select(x: Tensor, dim: number, index: number): Tensor {
  selectTakes(arguments);
  return applyView(selectPrimitive, x, selection(x, dim, index, 'select'));
}

const unbindTakes = signature('unbind', { x: K.tensor, dim: K.optional(K.integer) });

/**
 * {@link select} of each index of a dimension. Follows `torch.unbind`.
 * @throws IndexError when `dim` is out of range.
 * @example unbind(tensor([[1, 2], [3, 4]])); // [ tensor([1, 2]), tensor([3, 4]) ]
 */
export function unbind(x: Tensor, dim = 0): Tensor[] {
  unbindTakes(arguments);
  const { d, size } = existingDim(x, dim, 'unbind');
  return Array.from({ length: size }, (_, index) => applyView(unbindPrimitive, x, { dim: d, index }));
}

const selectScatterTakes = signature('selectScatter', {
  x: K.tensor,
  source: K.tensor,
  dim: K.integer,
  index: K.integer,
});

/**
 * A copy of x in which `source` takes the place of `select(x, dim, index)`. Follows `torch.select_scatter`.
 * @throws IndexError when `dim` or `index` is out of range, ShapeError when `source` has another shape than what it
 *   replaces.
 */
export function selectScatter(x: Tensor, source: Tensor, dim: number, index: number): Tensor {
  selectScatterTakes(arguments);
  const region = selectLayout(denseLayout(x.shape), selection(x, dim, index, 'selectScatter'));
  return scatterInto(x, source, region, 'selectScatter');
}

/** Options of {@link sliceScatter}. Bounds may be negative (from the end) and are clipped. */
export interface SliceScatterOptions {
  /** First index replaced. Default: 0. */
  readonly start?: number | null;
  /** First index no longer replaced. Default: the size of the dimension. */
  readonly end?: number | null;
  /** Distance between indices, at least 1. Default: 1. */
  readonly step?: number | null;
}

const sliceScatterTakes = signature('sliceScatter', {
  x: K.tensor,
  source: K.tensor,
  dim: K.optional(K.integer),
  options: K.options<SliceScatterOptions>({ start: bound, end: bound, step: bound }),
});

/**
 * A copy of x in which `source` takes the place of the indices `start`, `start + step`, ... before `end` of a
 * dimension. Follows `torch.slice_scatter`.
 * @throws IndexError when `dim` is out of range, ValueError when `step` is not positive, ShapeError when `source` does
 *   not fit.
 * @example sliceScatter(zeros([4]), ones([2]), 0, { start: 1, end: 3 }); // tensor([0., 1., 1., 0.])
 */
export function sliceScatter(x: Tensor, source: Tensor, dim = 0, options: SliceScatterOptions = {}): Tensor {
  sliceScatterTakes(arguments);
  const { start = null, end: stop = null, step = null } = options;
  const { d, size } = existingDim(x, dim, 'sliceScatter');
  const taken = resolveSlice(size, { start, stop, step }, 'sliceScatter');
  return scatterInto(x, source, rangeLayout(denseLayout(x.shape), { dim: d, ...taken }), 'sliceScatter');
}
