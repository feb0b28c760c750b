import { composition, K } from '../../../arguments/index.ts';
import { scalarNameOf } from '../../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../../errors.ts';
import { composed } from '../../../record/index.ts';
import { formatShape, type Shape, sameShape } from '../../../shape.ts';
import type { Tensor } from '../../../tensor.ts';
import type { PerDimension } from '../convolution-checks.ts';
import { checkFloats, checkPlanes, windowsOfAnyPadding } from './checks.ts';
import { nodeOf } from './pooling.ts';
import { putAt } from './primitives.ts';

/**
 * Options of {@link maxUnpool1d}, {@link maxUnpool2d} and {@link maxUnpool3d}: the first two as they were given to the
 * pooling.
 */
export interface MaxUnpoolOptions {
  /** From one window to the next; `null`, the default: as much as a window is long. */
  readonly stride?: PerDimension | null;
  /** Entries of minus infinity on both sides. Default: 0. */
  readonly padding?: PerDimension;
  /** Which of the sizes that differ by less than a stride the result has; those of its planes, or its whole shape. */
  readonly outputSize?: PerDimension;
}

const kinds: K.Kinds<MaxUnpoolOptions> = {
  stride: /* @__PURE__ */ K.nullable(K.sizeOrSizes),
  padding: K.sizeOrSizes,
  outputSize: K.sizeOrSizes,
};

function outputOf(plain: Shape, stride: Shape, outputSize: PerDimension | undefined): Shape {
  if (outputSize === undefined) return plain;
  const rank = plain.length;
  const list = typeof outputSize === 'number' ? [outputSize] : outputSize;
  const sizes = list.length === rank + 2 ? list.slice(2) : list;
  if (sizes.length !== rank) {
    throw new ShapeError(
      `output_size should be a sequence containing ${rank} or ${rank + 2} elements, but it has a length of '${sizes.length}'`,
    );
  }
  for (const [d, size] of sizes.entries()) {
    const [middle = 0, step = 1] = [plain[d], stride[d]];
    if (Math.abs(size - middle) >= step) {
      throw new ValueError(
        `invalid output_size ${formatShape(sizes)} (dim ${d} must be between ${middle - step} and ${middle + step})`,
      );
    }
  }
  return sizes;
}

const maxUnpool = (caller: string, rank: number) =>
  composition(
    caller,
    { x: K.tensor, indices: K.tensor, kernelSize: K.sizeOrSizes, options: K.options(kinds) },
    (x: Tensor, indices: Tensor, kernelSize: PerDimension, options: MaxUnpoolOptions = {}): Tensor => {
      const { kernel, stride, padding } = windowsOfAnyPadding(rank, kernelSize, options);
      if (indices.dtype !== 'int32') {
        throw new DTypeError(
          `elements in indices should be type int32 (PyTorch's int64) but got: ${scalarNameOf(indices.dtype)}`,
        );
      }
      checkPlanes(x, rank);
      checkFloats(x);
      if (!sameShape(x.shape, indices.shape)) {
        throw new ShapeError(
          `Expected shape of indices to be same as that of the input tensor (${formatShape(x.shape)}) but got indices tensor with ` +
            `shape: ${formatShape(indices.shape)}`,
        );
      }
      const plain = x.shape
        .slice(-rank)
        .map((n, d) => (n - 1) * (stride[d] ?? 1) + (kernel[d] ?? 1) - 2 * (padding[d] ?? 0));
      const sizes = outputOf(plain, stride, options.outputSize);
      if (sizes.some((n) => n < 0))
        throw new ShapeError(
          `output_size must contain non-negative spatial dimensions, but got ${formatShape(sizes)}`,
        );
      return composed(nodeOf('max_unpool', rank), putAt(x, indices, { rank, sizes, adds: false }), x);
    },
  );

/**
 * Puts what {@link maxPool1d} found back to where it was, among zeros: `indices` are those that it gave with
 * `returnIndices`, int32, of x's shape. Shapes: x (N, C, L) or (C, L); the result (N, C, (L - 1) * stride - 2 * padding
 * + kernelSize), or `outputSize`. Floats. Where several values go to one place, the last one stays. Follows
 * `torch.nn.functional.max_unpool1d`.
 * @throws ShapeError where x has other dimensions or the indices another shape, ValueError for an index that is none of
 *   a plane or an output size that is too far off, DTypeError where x is no tensor of floats or the indices are not
 *   int32
 * @example
 * ```ts
 * const [values, indices] = maxPool1d(tensor([[[1, 5, 2, 4]]], { dtype: 'float32' }), 2, { returnIndices: true });
 * maxUnpool1d(values, indices, 2); // tensor([[[0., 5., 0., 4.]]])
 * ```
 */
export const maxUnpool1d = /* @__PURE__ */ maxUnpool('maxUnpool1d', 1);

/**
 * {@link maxUnpool1d} of images, after {@link maxPool2d}: x (N, C, H, W) or (C, H, W). Follows
 * `torch.nn.functional.max_unpool2d`.
 * @throws ShapeError where x has other dimensions or the indices another shape, ValueError for an index that is none of
 *   a plane or an output size that is too far off, DTypeError where x is no tensor of floats or the indices are not
 *   int32
 */
export const maxUnpool2d = /* @__PURE__ */ maxUnpool('maxUnpool2d', 2);

/**
 * {@link maxUnpool1d} of volumes, after {@link maxPool3d}: x (N, C, D, H, W) or (C, D, H, W). Follows
 * `torch.nn.functional.max_unpool3d`.
 * @throws ShapeError where x has other dimensions or the indices another shape, ValueError for an index that is none of
 *   a plane or an output size that is too far off, DTypeError where x is no tensor of floats or the indices are not
 *   int32
 */
export const maxUnpool3d = /* @__PURE__ */ maxUnpool('maxUnpool3d', 3);
