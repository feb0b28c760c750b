import { K, signature } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { copyStrided, stridedOver } from '../../kernels/index.ts';
import { applyMulti, defineMulti } from '../../record/index.ts';
import { formatShape, normalizeDim, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { zeros } from '../creation/fill.ts';

/** Parts of these sizes along a dimension. */
interface Cut {
  readonly sizes: Shape;
  readonly dim: number;
}

const stepsPrimitive = /* @__PURE__ */ defineMulti<Cut, [Tensor], Tensor[]>({
  name: 'split_with_sizes_copy',
  saves: 0,
  infer: ([x], { sizes, dim }) => sizes.map((size) => ({ shape: x.shape.with(dim, size), dtype: x.dtype })),
  kernel([{ storage, dtype, strides, offset }], { dim }, outs) {
    let start = offset;
    for (const out of outs) {
      copyStrided(
        stridedOver(storage.array, dtype, out.shape, start, strides),
        out.storage.array,
        out.offset,
      );
      start += (out.shape[dim] ?? 0) * (strides[dim] ?? 0);
    }
  },
  derivative: (grads, node) => [
    cat(
      grads.map((g, i) => g ?? zeros(node.outputShapes[i] ?? [], { dtype: node.dtype(0) })),
      node.attrs.dim,
    ),
  ],
});

/** Options of {@link steps}. */
export interface StepsOptions {
  /** Along which dimension x is cut. Default: 0. */
  readonly dim?: number;
}

const stepsTakes = /* @__PURE__ */ signature('steps', {
  x: K.tensor,
  sizes: K.sizes,
  options: K.options<StepsOptions>({ dim: K.integer }),
});

/**
 * x in parts of these sizes, along its rows unless told otherwise, as copies: where a loop takes one after the other,
 * the gradients of all are put together once, while views as of `split` each add theirs to zeros of the size of x.
 * Kindling's own; follows `torch.split_with_sizes_copy`.
 * @throws ShapeError unless the sizes sum up to the size of x along `dim`; IndexError when `dim` is out of range
 * @example steps(arange(5), [2, 3]); // [ tensor([0, 1]), tensor([2, 3, 4]) ]
 */
export function steps(x: Tensor, sizes: Shape, options: StepsOptions = {}): readonly Tensor[] {
  stepsTakes(arguments);
  const dim = normalizeDim(options.dim ?? 0, x.ndim, 'steps');
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (x.ndim < 1 || sizes.some((size) => size < 0) || total !== x.shape[dim]) {
    throw new ShapeError(
      `steps: expected sizes that sum up to that of dimension ${dim} of x, got ${formatShape(sizes)} for shape ${formatShape(x.shape)}`,
    );
  }
  return applyMulti(stepsPrimitive, [x], { sizes, dim });
}
