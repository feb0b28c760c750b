import type { DType } from '../dtype.ts';
import { AutogradError } from '../errors.ts';
import type { Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { Differentiable, GradNode } from './node.ts';

/** What is known of a result before it is computed. */
export interface Meta {
  /** The sizes of its dimensions. */
  readonly shape: Shape;
  /** The type of its elements. */
  readonly dtype: DType;
}

/** The tensors that an operation takes or gives, as a tuple or a list of any length. */
export type Tensors = readonly Tensor[];

/** An operation with one result, of attributes `A` and inputs `I`. */
export interface Primitive<A = undefined, I extends Tensors = [Tensor]> extends Differentiable<A> {
  /** The shape and dtype rule; throws where the inputs do not fit. Reads no data. */
  infer(inputs: I, attrs: A): Meta;
  /** Fills `out`, a fresh contiguous tensor. */
  kernel(inputs: I, attrs: A, out: Tensor): void;
  /** Whether `kernel` can also write into any tensor of the result's shape, be it one of the inputs. */
  readonly writesAnywhere?: boolean;
}

/** An operation with several results `O`. */
export interface MultiPrimitive<
  A = undefined,
  I extends Tensors = [Tensor],
  O extends Tensors = [Tensor, Tensor],
> extends Differentiable<A> {
  /** The shapes and dtypes of the results; otherwise as {@link Primitive.infer}. */
  infer(inputs: I, attrs: A): { readonly [K in keyof O]: Meta };
  /** Fills `outs`, fresh contiguous tensors. */
  kernel(inputs: I, attrs: A, outs: O): void;
}

/** An operation whose result shares the memory of its input. */
export interface ViewPrimitive<A = undefined> extends Differentiable<A> {
  /** How the result lies in the memory of the input. */
  alias(input: Tensor, attrs: A): { shape: Shape; strides: readonly number[]; offset: number };
}

type Gradients = readonly (Tensor | null)[];
type GradientsOf<O extends Tensors> = { readonly [K in keyof O]: Tensor | null };
/** What is stated of an operation: the engine's form of its derivative is made from `derivative`. */
type Defined<P, D> = Omit<P, 'backward' | 'differentiable'> & { derivative?: D };

function notDifferentiable(name: string): never {
  throw new AutogradError(`the derivative for '${name}' is not implemented`);
}

/** The statement with its derivative, if it has one, as the engine calls it. */
function withBackward<D, S extends { name: string; derivative?: D }, A>(
  spec: S & { derivative?: D },
  backward: (derivative: D) => Differentiable<A>['backward'],
): S & Pick<Differentiable<A>, 'backward' | 'differentiable'> {
  const { name, derivative } = spec;
  if (derivative === undefined)
    return { ...spec, differentiable: false, backward: () => notDifferentiable(name) };
  return { ...spec, differentiable: true, backward: backward(derivative) };
}

/**
 * Declares an operation in one place: shape and dtype rule, kernel, derivative.
 *
 * `derivative(g, node)` gets the gradient of the result and returns one of each input (`null` where `node.needs(i)` is
 * false or there is none), written with tensor operations, so that it can itself be differentiated. It may return
 * gradients of a shape to which the input was broadcast, and of another floating dtype: the engine fits them. Kindling's own.
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
  spec: Defined<Primitive<A, I>, (g: Tensor, node: GradNode<A>) => Gradients>,
): Primitive<A, I> {
  return withBackward(
    spec,
    (derivative) =>
      ([g], node) =>
        derivative(g as Tensor, node),
  );
}

/** {@link definePrimitive} for several results: `derivative` gets a gradient, or `null`, for each of them. */
export function defineMulti<
  A = undefined,
  I extends Tensors = [Tensor],
  O extends Tensors = [Tensor, Tensor],
>(
  spec: Defined<MultiPrimitive<A, I, O>, (grads: GradientsOf<O>, node: GradNode<A>) => Gradients>,
): MultiPrimitive<A, I, O> {
  return withBackward(spec, (derivative) => (grads, node) => derivative(grads as GradientsOf<O>, node));
}

/** {@link definePrimitive} for views; `derivative` reads no saved tensor. */
export function defineView<A = undefined>(
  spec: Omit<Defined<ViewPrimitive<A>, (g: Tensor, node: GradNode<A>) => Tensor>, 'saves'>,
): ViewPrimitive<A> {
  return {
    saves: 0,
    ...withBackward(spec, (derivative) => ([g], node) => [derivative(g as Tensor, node)]),
  };
}
