import type { DType } from '../dtype.ts';
import { AutogradError } from '../errors.ts';
import type { Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { named, type Results } from './code.ts';
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
type Defined<P, D> = Omit<P, 'backward' | 'differentiable'> & {
  derivative?: D;
  /** @internal What it is called in programs, where another operation has its name. */
  key?: string;
};

/** What {@link definePrimitive} takes. */
export type PrimitiveSpec<A, I extends Tensors> = Defined<
  Primitive<A, I>,
  (g: Tensor, node: GradNode<A>) => Gradients
>;

/** What {@link defineMulti} takes. */
export type MultiSpec<A, I extends Tensors, O extends Tensors> = Defined<
  MultiPrimitive<A, I, O>,
  (grads: GradientsOf<O>, node: GradNode<A>) => Gradients
>;

/** What {@link defineView} takes. */
export type ViewSpec<A> = Omit<Defined<ViewPrimitive<A>, (g: Tensor, node: GradNode<A>) => Tensor>, 'saves'>;

function notDifferentiable(name: string): never {
  throw new AutogradError(`the derivative for '${name}' is not implemented`);
}

/**
 * What all operations have in the same places, whatever is stated of one: what runs them then knows where to look,
 * which of objects of many forms it would find out anew at each call.
 */
const form = {
  name: '',
  shown: undefined,
  overload: undefined,
  saves: undefined,
  leaves: undefined,
  keepsNothing: undefined,
  elementwise: undefined,
  code: undefined,
  differentiable: false,
  backward: undefined,
  infer: undefined,
  kernel: undefined,
  alias: undefined,
  writesAnywhere: undefined,
};

/** The statement with its derivative, if it has one, as the engine calls it. */
function withBackward<D, S extends { name: string; derivative?: D; key?: string }, A>(
  spec: S & { derivative?: D; key?: string },
  backward: (derivative: D) => Differentiable<A>['backward'],
  results: Results | null,
): S & Pick<Differentiable<A>, 'backward' | 'differentiable' | 'keepsNothing'> {
  const { name, key = name, derivative, ...stated } = spec;
  const known = derivative !== undefined;
  const operation: Record<string, unknown> = {
    ...form,
    name,
    keepsNothing: known,
    ...stated,
    differentiable: known,
    backward: known ? backward(derivative) : () => notDifferentiable(name),
  };
  if (results !== null) operation.code ??= named(operation as never, results, key);
  return operation as unknown as S & Pick<Differentiable<A>, 'backward' | 'differentiable' | 'keepsNothing'>;
}

/** `definePrimitive` of foreign/ for core's own operations, whose derivatives keep nothing. */
export function definePrimitive<A = undefined, I extends Tensors = [Tensor]>(
  spec: PrimitiveSpec<A, I>,
): Primitive<A, I> {
  return withBackward(
    spec,
    (derivative) =>
      ([g], node) =>
        derivative(g as Tensor, node),
    'one',
  );
}

/** {@link definePrimitive} for several results. */
export function defineMulti<
  A = undefined,
  I extends Tensors = [Tensor],
  O extends Tensors = [Tensor, Tensor],
>(spec: MultiSpec<A, I, O>): MultiPrimitive<A, I, O> {
  return withBackward(
    spec,
    (derivative) => (grads, node) => derivative(grads as GradientsOf<O>, node),
    'several',
  );
}

/** {@link definePrimitive} for views. */
export function defineView<A = undefined>(spec: ViewSpec<A>): ViewPrimitive<A> {
  return withBackward(
    { ...spec, saves: 0 },
    (derivative) =>
      ([g], node) => [derivative(g as Tensor, node)],
    null,
  );
}
