import { K, signature } from '../../arguments/index.ts';
import { type DType, storedNumber } from '../../dtype.ts';
import { AutogradError, ShapeError } from '../../errors.ts';
import { copyStrided, scatterStrided } from '../../kernels/index.ts';
import { apply, applyInPlace, applyView, definePrimitive, defineView } from '../../record/index.ts';
import { expandsTo, formatShape } from '../../shape.ts';
import { autogradOf, requireUnfrozen, Tensor } from '../../tensor.ts';
import { filled } from './fill-primitive.ts';

const clonePrimitive = definePrimitive({
  name: 'clone',
  saves: 0,
  infer: ([x]) => x,
  kernel: ([x], _, out) => copyStrided(x, out.storage.array, out.offset),
  derivative: (g) => [g],
});

const cloneParameters = { x: K.tensor };
const cloneTakes = signature('clone', cloneParameters);

/**
 * A copy with memory of its own, in row-major order; gradients flow through. Follows `torch.clone`.
 * @example
 * ```ts
 * const x = ones(2);
 * const y = clone(x);
 * x.add_(1);
 * y; // tensor([1., 1.])
 * ```
 */
export const clone = function (x: Tensor): Tensor {
  cloneTakes(arguments);
  return apply(clonePrimitive, [x], undefined);
};

const contiguousTakes = signature('contiguous', cloneParameters);

/** x itself where its elements lie in row-major order, else a copy that does. Follows `Tensor.contiguous`. */
export const contiguous = function (x: Tensor): Tensor {
  contiguousTakes(arguments);
  return x.dense ? x : clone(x);
};

const toPrimitive = definePrimitive<DType>({
  name: 'to_copy',
  saves: 0,
  infer: ([x], dtype) => ({ shape: x.shape, dtype }),
  kernel: ([x], _, out) => copyStrided(x, out.storage.array, out.offset, out.dtype),
  derivative: (g) => [g],
});

const toTakes = signature('to', { x: K.tensor, dtype: K.dtype });

/**
 * x with another dtype; x itself where it has that dtype already. Floats become integers by truncation, anything but 0
 * becomes `true`. Follows `Tensor.to`.
 * @throws DTypeError for what is no dtype
 * @example to(tensor([1.7, -1.7]), 'int32'); // tensor([ 1, -1])
 */
export function to(x: Tensor, dtype: DType): Tensor {
  toTakes(arguments);
  if (dtype === x.dtype) return x;
  return apply(toPrimitive, [x], dtype);
}

const detachPrimitive = defineView({
  name: 'detach',
  alias: ({ shape, strides, offset }) => ({ shape, strides, offset }),
});

const detachTakes = signature('detach', cloneParameters);

/**
 * The same memory outside the graph: no gradient flows through. Follows `Tensor.detach`.
 * @example
 * ```ts
 * const w = tensor([1.5], { requiresGrad: true });
 * detach(w.mul(2)).requiresGrad; // false
 * ```
 */
export const detach = function (x: Tensor): Tensor {
  detachTakes(arguments);
  return applyView(detachPrimitive, x, undefined);
};

const detachInPlaceTakes = signature('detach_', cloneParameters);

/**
 * Takes x out of the graph, and makes a leaf of it that requires no gradient. Follows `Tensor.detach_`.
 * @throws AutogradError for a view, whose base would stay in the graph
 * @example
 * ```ts
 * const w = tensor([1.5], { requiresGrad: true });
 * w.mul(2).detach_().requiresGrad; // false
 * ```
 */
export const detach_ = function (x: Tensor): Tensor {
  detachInPlaceTakes(arguments);
  if (autogradOf(x).base !== null)
    throw new AutogradError("detach_: Can't detach views in-place. Use detach() instead");
  requireUnfrozen('detach_', x);
  x.gradFn = null;
  x.requiresGrad = false;
  return x;
};

const copyPrimitive = definePrimitive<undefined, [Tensor, Tensor]>({
  name: 'copy',
  saves: 0,
  infer: ([target]) => ({ shape: target.shape, dtype: target.dtype }),
  writesAnywhere: true,
  kernel: ([, source], _, out) => scatterStrided(source, out),
  // What was overwritten has the gradient 0, as after `fill_`.
  derivative: (g, node) => [node.needs(0) ? filled(g.shape, 0, g.dtype) : null, node.needs(1) ? g : null],
});

const copyInPlaceTakes = signature('copy_', { target: K.tensor, source: K.operand });

/**
 * Overwrites `target` with `source`, broadcast and converted to its dtype; gradients flow to the source, which may be a
 * number. Follows `Tensor.copy_`.
 * @throws ShapeError where the source does not broadcast to the target, ValueError where the dtype cannot hold the number
 * @example zeros([2, 2]).copy_(tensor([1, 2])); // tensor([[1., 2.], [1., 2.]])
 */
export function copy_(target: Tensor, source: Tensor | number | boolean): Tensor {
  copyInPlaceTakes(arguments);
  if (!Tensor.is(source)) {
    const { dtype } = target;
    return copy_(target, filled([], storedNumber(source, dtype, 'copy_'), dtype));
  }
  if (!expandsTo(source.shape, target.shape)) {
    throw new ShapeError(
      `copy_: a source of shape ${formatShape(source.shape)} does not broadcast to the target's ${formatShape(target.shape)}`,
    );
  }
  const before = target.gradFn;
  applyInPlace(copyPrimitive, [target, source], undefined);
  // The one name in PyTorch without a number; of a view its base's history tells.
  if (target.gradFn !== null && target.gradFn !== before && autogradOf(target).base === null)
    target.gradFn.label = 'CopyBackwards';
  return target;
}

/** The functions of this file that are methods too. */
export default { clone, contiguous, detach, detach_, to, copy_ };
