import { K, signature } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { copyStrided, stridedOver } from '../../kernels/index.ts';
import { applyMulti, defineMulti } from '../../record/index.ts';
import { formatShape, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { zeros } from '../creation/fill.ts';

const stepsPrimitive = /* @__PURE__ */ defineMulti<Shape, [Tensor], Tensor[]>({
  name: 'split_with_sizes_copy',
  saves: 0,
  infer: ([x], sizes) => sizes.map((size) => ({ shape: [size, ...x.shape.slice(1)], dtype: x.dtype })),
  kernel([{ storage, dtype, strides, offset }], _, outs) {
    let start = offset;
    for (const out of outs) {
      copyStrided(
        stridedOver(storage.array, dtype, out.shape, start, strides),
        out.storage.array,
        out.offset,
      );
      start += (out.shape[0] ?? 0) * (strides[0] ?? 0);
    }
  },
  derivative: (grads, node) => [
    cat(
      grads.map((g, i) => g ?? zeros(node.outputShapes[i] ?? [], { dtype: node.dtype(0) })),
      0,
    ),
  ],
});

const stepsTakes = /* @__PURE__ */ signature('steps', { x: K.tensor, sizes: K.sizes });

/**
 * The rows of x in parts of these sizes, as copies: where a loop takes one after the other, the gradients of all are put together once,
 * while views as of `split` each add theirs to zeros of the size of x. Kindling's own; follows `torch.split_with_sizes_copy`.
 * @throws ShapeError unless the sizes sum up to the rows of x
 * @example steps(arange(5), [2, 3]); // [ tensor([0, 1]), tensor([2, 3, 4]) ]
 */
export function steps(x: Tensor, sizes: Shape): readonly Tensor[] {
  stepsTakes(arguments);
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  if (x.ndim < 1 || sizes.some((size) => size < 0) || rows !== x.shape[0]) {
    throw new ShapeError(
      `steps: expected sizes that sum up to the rows of x, got ${formatShape(sizes)} for shape ${formatShape(x.shape)}`,
    );
  }
  return applyMulti(stepsPrimitive, [x], sizes);
}
