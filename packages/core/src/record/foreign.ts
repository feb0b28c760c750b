/** How users of the package declare operations: as core does, but their derivatives may keep what passes through them. */

import type { Tensor } from '../tensor.ts';
import type {
  MultiPrimitive,
  MultiSpec,
  Primitive,
  PrimitiveSpec,
  Tensors,
  ViewPrimitive,
  ViewSpec,
} from './primitive.ts';
import * as own from './primitive.ts';

/**
 * Declares an operation in one place: shape and dtype rule, kernel, derivative.
 *
 * `derivative(g, node)` gets the gradient of the result and returns one of each input (`null` where `node.needs(i)` is
 * false or there is none), written with tensor operations, so that it can itself be differentiated. It may return
 * gradients of a shape to which the input was broadcast, and of another floating dtype: the engine fits them. It may keep what it
 * gets and returns, which is never written again; one that does not can say so by `keepsNothing`, which spares a copy.
 * Kindling's own.
 *
 * The type parameters are the attributes and the inputs: `definePrimitive<{ dim: number }, [Tensor, Tensor]>`.
 * @example
 * ```ts
 * const double = definePrimitive({
 *   name: 'double',
 *   saves: 0,
 *   infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
 *   kernel: ([x], _, out) => out.storage.array.set(elementsOf(x).map((v) => 2 * v)),
 *   derivative: (g) => [g.mul(2)],
 * });
 * apply(double, [tensor([1.5, 2])], undefined); // tensor([3., 4.])
 * ```
 */
export function definePrimitive<A = undefined, I extends Tensors = [Tensor]>(
  spec: PrimitiveSpec<A, I>,
): Primitive<A, I> {
  return own.definePrimitive({ keepsNothing: false, ...spec });
}

/** {@link definePrimitive} for several results: `derivative` gets a gradient, or `null`, for each of them. */
export function defineMulti<
  A = undefined,
  I extends Tensors = [Tensor],
  O extends Tensors = [Tensor, Tensor],
>(spec: MultiSpec<A, I, O>): MultiPrimitive<A, I, O> {
  return own.defineMulti({ keepsNothing: false, ...spec });
}

/** {@link definePrimitive} for views; `derivative` reads no saved tensor. */
export function defineView<A = undefined>(spec: ViewSpec<A>): ViewPrimitive<A> {
  return own.defineView({ keepsNothing: false, ...spec });
}
