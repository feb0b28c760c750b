import {
  composition,
  DTypeError,
  formatShape,
  isFloatingPoint,
  K,
  linspace,
  ones,
  type Shape,
  ShapeError,
  sameShape,
  stack,
  type Tensor,
  zeros,
} from '@kindling/core';

/** Options of {@link affineGrid}. */
export interface AffineGridOptions {
  /** Whether -1 and 1 are the middles of the corner elements, or their outer edges. Default: false. */
  readonly alignCorners?: boolean;
}

/** Positions of the middles of `size` elements in [-1, 1]. */
function middles(size: number, alignCorners: boolean, like: Tensor): Tensor {
  if (size <= 1) return zeros([size], { dtype: like.dtype });
  const corners = linspace(-1, 1, size, { dtype: like.dtype });
  return alignCorners ? corners : corners.mul((size - 1) / size);
}

/**
 * The grid for {@link gridSample} by which an input of `size`, [N, C, H, W] or [N, C, D, H, W], is moved by the affine
 * maps `theta`, (N, 2, 3) or (N, 3, 4): (N, H, W, 2) or (N, D, H, W, 3). Follows `torch.nn.functional.affine_grid`.
 * @throws ShapeError when `theta` does not fit `size`
 * @example
 * ```ts
 * const same = tensor([[[1, 0, 0], [0, 1, 0]]], { dtype: 'float32' });
 * F.affineGrid(same, [1, 1, 1, 2]); // tensor([[[[-0.5000,  0.0000], [ 0.5000,  0.0000]]]])
 * ```
 */
export const affineGrid = /* @__PURE__ */ composition(
  'affineGrid',
  () => ({
    theta: K.tensor,
    size: K.sizes,
    options: K.options<AffineGridOptions>({ alignCorners: K.flag }),
  }),
  (theta: Tensor, size: Shape, { alignCorners = false }: AffineGridOptions = {}): Tensor => {
    const [batch = 0, , ...field] = size;
    const n = field.length;
    if ((n !== 2 && n !== 3) || !sameShape(theta.shape, [batch, n, n + 1])) {
      throw new ShapeError(
        `affineGrid: Expected a batch of affine matrices of shape Nx2x3 for a size of 4, or Nx3x4 for one of 5; got theta of shape ` +
          `${formatShape(theta.shape)} for size ${formatShape(size)}`,
      );
    }
    if (!isFloatingPoint(theta.dtype)) {
      throw new DTypeError(
        `affineGrid: Expected theta to have floating point type, but got ${theta.dtype}; convert with to()`,
      );
    }
    // PyTorch looks at no size where it looks at the middle of a single element.
    if (size.some((s) => s <= 0) && !(alignCorners && Math.min(...field) === 1))
      throw new ShapeError(`affineGrid: Expected non-zero, positive output size. Got ${formatShape(size)}`);
    const along = field.map((s, d) =>
      middles(s, alignCorners, theta)
        .reshape(field.map((_, k) => (k === d ? s : 1)))
        .expand(field),
    );
    const places = stack([...along.reverse(), ones(field, { dtype: theta.dtype })], -1);
    const points = field.reduce((product, s) => product * s, 1);
    return places
      .reshape([1, points, n + 1])
      .expand([batch, points, n + 1])
      .bmm(theta.transpose(1, 2))
      .reshape([batch, ...field, n]);
  },
);
