import type { DType } from '../../dtype.ts';
import { checkDType } from '../../dtype.ts';
import { ShapeError } from '../../errors.ts';
import { copyStrided, scatterStrided } from '../../kernels/index.ts';
import { gradNode } from '../../record/apply.ts';
import { finishInPlace, prepareInPlace } from '../../record/in-place.ts';
import { apply, applyView, definePrimitive, defineView } from '../../record/index.ts';
import { expandsTo, formatShape } from '../../shape.ts';
import { requireTensors, type Tensor } from '../../tensor.ts';

const clonePrimitive = definePrimitive({
  name: 'clone',
  saves: 0,
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  kernel: ([x], _, out) => copyStrided(x, out.storage.array, out.offset),
  derivative: (g) => [g],
});

/** A copy with memory of its own, in row-major order; gradients flow through. Follows `torch.clone`. */
export const clone = (x: Tensor): Tensor => apply(clonePrimitive, [x], undefined);

/** x itself where its elements lie in row-major order, else a copy that does. Follows `Tensor.contiguous`. */
export const contiguous = (x: Tensor): Tensor => (x?.dense ? x : clone(x));

const toPrimitive = definePrimitive<DType>({
  name: 'to_copy',
  saves: 0,
  infer: ([x], dtype) => ({ shape: x.shape, dtype }),
  kernel: ([x], _, out) => copyStrided(x, out.storage.array, out.offset, out.dtype),
  derivative: (g) => [g],
});

/**
 * x with another dtype; x itself where it has that dtype already. Floats become integers by truncation, anything but 0
 * becomes `true`. Follows `Tensor.to`.
 */
export function to(x: Tensor, dtype: DType): Tensor {
  if (dtype === x.dtype) return x;
  requireTensors('to', x);
  checkDType(dtype, 'to');
  return apply(toPrimitive, [x], dtype);
}

const detachPrimitive = defineView({
  name: 'detach',
  alias: ({ shape, strides, offset }) => ({ shape, strides, offset }),
});

/** The same memory outside the graph: no gradient flows through. Follows `Tensor.detach`. */
export const detach = (x: Tensor): Tensor => applyView(detachPrimitive, x, undefined);

/** @internal Stores `source`, broadcast and converted, in the memory of `target`, which counts no version. */
export function copyInto(target: Tensor, source: Tensor): void {
  scatterStrided(source, target);
}

const copyPrimitive = definePrimitive<undefined, [Tensor, Tensor]>({
  name: 'copy',
  saves: 0,
  infer: ([target]) => ({ shape: target.shape, dtype: target.dtype }),
  kernel: ([, source], _, out) => copyInto(out, source),
  derivative: (g, node) => [null, node.needs(1) ? g : null],
});

/** Overwrites `target` with `source`, broadcast and converted to its dtype. Follows `Tensor.copy_`. */
export function copy_(target: Tensor, source: Tensor): Tensor {
  requireTensors('copy_', target, source);
  if (!expandsTo(source.shape, target.shape)) {
    throw new ShapeError(
      `copy_: a source of shape ${formatShape(source.shape)} does not broadcast to the target's ${formatShape(target.shape)}`,
    );
  }
  const inputs = [target, source];
  const record = prepareInPlace(target, inputs, 'copy_');
  const node = record ? gradNode(copyPrimitive, inputs, undefined) : null;
  // The one name in PyTorch without a number.
  if (node !== null) node.label = 'CopyBackwards';
  copyInto(target, source.storage === target.storage ? clone(detach(source)) : source);
  finishInPlace(target, node);
  return target;
}

/** The functions of this file that are methods too. */
export default { clone, contiguous, detach, to, copy_ };
