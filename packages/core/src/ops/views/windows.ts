import { composition, K, signature } from '../../arguments/index.ts';
import { AutogradError, ShapeError } from '../../errors.ts';
import { applyView, defineView } from '../../record/index.ts';
import { checkShape, formatShape, normalizeDim, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { type Layout, overlapsItself, replaceDim, sizeAlong, strideAlong, zipDims } from './layout.ts';
import { defineRegionView, embedRegion, scatterInto, takeRegion } from './region.ts';

interface Windows {
  readonly dim: number;
  readonly size: number;
  readonly step: number;
}

const unfoldPrimitive = defineRegionView<Windows>('unfold', (x, { dim, size, step }) => {
  if (x.shape.length === 0) return { shape: [size], strides: [1], offset: x.offset };
  const stride = strideAlong(x, dim);
  const windows = Math.floor((sizeAlong(x, dim) - size) / step) + 1;
  const moved = replaceDim(x, dim, [windows], [stride * step]);
  return { shape: [...moved.shape, size], strides: [...moved.strides, stride], offset: x.offset };
});

const unfoldTakes = signature('unfold', { x: K.tensor, dim: K.integer, size: K.integer, step: K.integer });

/**
 * Windows of `size` along `dim`, `step` apart, each in a new last dimension; a view. Follows `Tensor.unfold`.
 * @throws IndexError when `dim` is out of range, ShapeError when `size` is larger than the dimension or `step` not
 *   positive.
 * @example unfold(arange(5), 0, 3, 2).tolist(); // [ [ 0, 1, 2 ], [ 2, 3, 4 ] ]
 */
export function unfold(x: Tensor, dim: number, size: number, step: number): Tensor {
  unfoldTakes(arguments);
  const d = normalizeDim(dim, x.shape.length, 'unfold');
  const available = sizeAlong(x, d);
  if (size < 0) throw new ShapeError(`unfold: size is ${size} but must be >= 0`);
  if (size > available) {
    throw new ShapeError(
      `unfold: maximum size for tensor at dimension ${d} is ${available} but size is ${size}`,
    );
  }
  if (step <= 0) throw new ShapeError(`unfold: step is ${step} but must be > 0`);
  return applyView(unfoldPrimitive, x, { dim: d, size, step });
}

/** A region of the memory that x shows, counted from x's first element, and how far that memory reaches. */
interface Strided {
  readonly region: Layout;
  readonly from: Layout;
  readonly span: number;
}

const stridedPrimitive = defineView<Strided>({
  name: 'as_strided',
  alias: (x, { region }) => ({ ...region, offset: x.offset + region.offset }),
  // By way of the memory: what each of its elements gets, and what x shows of that.
  derivative: (g, node) => {
    const { region, from, span } = node.attrs;
    return takeRegion(embedRegion(g, [span], region), from);
  },
});

/** Up to which element, counted from the first, a layout reaches. */
const reachOf = ({ shape, strides }: Layout): number =>
  shape.includes(0)
    ? 0
    : zipDims(shape, strides).reduce((sum, { size, stride }) => sum + (size - 1) * stride, 0);

const asStridedTakes = signature('asStrided', {
  x: K.tensor,
  size: K.sizes,
  stride: K.sizes,
  options: K.options<{ storageOffset?: number }>({ storageOffset: K.integer }),
});

/**
 * A view of x's storage with any sizes, strides and (counted from the first element of x) offset. Follows
 * `torch.as_strided`.
 * @throws ShapeError when it would reach beyond the memory that x shows, ValueError when a stride is no integer,
 * AutogradError for an x that wants a gradient and shows an element twice.
 * @example asStrided(arange(4), [2, 3], [1, 1]).tolist(); // [ [ 0, 1, 2 ], [ 1, 2, 3 ] ]
 */
export function asStrided(
  x: Tensor,
  size: Shape,
  stride: readonly number[],
  options: { storageOffset?: number } = {},
): Tensor {
  asStridedTakes(arguments);
  // The caller may change the lists, and -0 is no place.
  const shape = size.map((n) => n + 0);
  const strides = stride.map((n) => n + 0);
  const offset = (options.storageOffset ?? 0) + 0;
  checkShape(shape, 'asStrided');
  if (shape.length !== strides.length || strides.some((s) => s < 0) || offset < 0) {
    throw new ShapeError(
      `asStrided: expected as many non-negative strides as sizes, got size ${formatShape(shape)}, stride ${formatShape(strides)}`,
    );
  }
  const from = { shape: x.shape, strides: x.strides, offset: 0 };
  const span = x.count === 0 ? 0 : reachOf(from) + 1;
  const region = { shape, strides, offset };
  const last = offset + reachOf(region);
  if (!shape.includes(0) && last >= span) {
    throw new ShapeError(
      `asStrided: size ${formatShape(shape)} with stride ${formatShape(strides)} and offset ${offset} reaches element ` +
        `${last} of a tensor whose memory has ${span} elements`,
    );
  }
  if (x.requiresGrad && overlapsItself(from))
    throw new AutogradError(
      'asStrided: a tensor that shows an element twice has no gradient here; call contiguous() first',
    );
  return applyView(stridedPrimitive, x, { region, from, span });
}

/**
 * A copy of x, its elements in row-major order, with `source` at those that {@link asStrided} would show. Follows
 * `torch.as_strided_scatter`.
 * @throws ShapeError unless `source` has the size given, and where that would reach beyond x
 * @example asStridedScatter(zeros([2, 2]), ones(2), [2], [3]); // tensor([[1., 0.], [0., 1.]])
 */
export const asStridedScatter = /* @__PURE__ */ composition(
  'asStridedScatter',
  {
    x: K.tensor,
    source: K.tensor,
    size: K.sizes,
    stride: K.sizes,
    options: K.options<{ storageOffset?: number }>({ storageOffset: K.integer }),
  },
  (
    x: Tensor,
    source: Tensor,
    size: Shape,
    stride: readonly number[],
    options: { readonly storageOffset?: number } = {},
  ): Tensor => {
    const offset = options.storageOffset ?? 0;
    const region = { shape: size, strides: stride, offset };
    if (size.length !== stride.length || stride.some((s) => s < 0) || offset < 0)
      throw new ShapeError(
        `expected as many non-negative strides as sizes, got size ${formatShape(size)}, stride ${formatShape(stride)}`,
      );
    if (!size.includes(0) && offset + reachOf(region) >= x.count)
      throw new ShapeError(
        `size ${formatShape(size)} with stride ${formatShape(stride)} and offset ${offset} reaches beyond a tensor of ${x.count} elements`,
      );
    return scatterInto(x, source, region, 'asStridedScatter');
  },
);
