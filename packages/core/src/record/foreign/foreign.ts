/**
 * How users of the package declare and run operations: as core does, but their arguments are checked, and their
 * derivatives may keep what passes through them.
 */
import { K, signature } from '../../arguments/index.ts';
import type { TypedArray } from '../../dtype.ts';
import * as kernels from '../../kernels/index.ts';
import type { Tensor } from '../../tensor.ts';
import * as running from '../apply.ts';
import * as inPlace from '../in-place.ts';
import type { GradNode } from '../node.ts';
import type {
  MultiPrimitive,
  MultiSpec,
  Primitive,
  PrimitiveSpec,
  Tensors,
  ViewPrimitive,
  ViewSpec,
} from '../primitive.ts';
import * as own from '../primitive.ts';
import * as reading from '../values.ts';
import {
  checkedAlias,
  checkedGradients,
  checkedMeta,
  checkedMetas,
  checkedRun,
  failed,
  isRaw,
  ofForeign,
} from './checks.ts';

/** Whether a value is a statement of an operation: its name, and functions of these names. */
const states = (x: unknown, functions: readonly string[]): boolean => {
  const stated = x as Record<string, unknown> | null | undefined;
  return typeof stated?.name === 'string' && functions.every((f) => typeof stated[f] === 'function');
};
const operation = K.kind('an operation that definePrimitive made', (x) => states(x, ['infer', 'kernel']));
const viewOperation = K.kind('an operation that defineView made', (x) => states(x, ['alias']));
const specKind = K.kind('an object with name, infer and kernel', (x) => states(x, ['infer', 'kernel']));
const viewSpecKind = K.kind('an object with name and alias', (x) => states(x, ['alias']));

const definePrimitiveTakes = signature('definePrimitive', { spec: specKind });
const defineMultiTakes = signature('defineMulti', { spec: specKind });
const defineViewTakes = signature('defineView', { spec: viewSpecKind });
const applied = { primitive: operation, inputs: K.tensors, attributes: K.anything };
const applyTakes = signature('apply', applied);
const applyMultiTakes = signature('applyMulti', applied);
const applyInPlaceTakes = signature('applyInPlace', applied);
const applyViewTakes = signature('applyView', {
  primitive: viewOperation,
  input: K.tensor,
  attributes: K.anything,
});
const composedTakes = signature('composed', { name: K.text, result: K.tensor, inputs: K.tensors });
const elementsOfTakes = signature('elementsOf', { x: K.tensor });
const valuesOfTakes = signature('valuesOf', { x: K.tensor, reason: K.text });

/**
 * Declares an operation in one place: shape and dtype rule, kernel, derivative.
 *
 * `derivative(g, node)` gets the gradient of the result and returns one of each input (`null` where `node.needs(i)` is
 * false or there is none), written with tensor operations, so that it can itself be differentiated. It may return
 * gradients of a shape to which the input was broadcast, and of another floating dtype: the engine fits them. It may
 * keep what it gets and returns, which is never written again; one that does not can say so by `keepsNothing`, which
 * spares a copy. Kindling's own.
 *
 * The type parameters are the attributes and the inputs: `definePrimitive<{ dim: number }, [Tensor, Tensor]>`.
 * @throws ValueError for what is no such statement; and, named after the operation, where it runs: where `infer`
 *   describes no result, the kernel returns one instead of writing it, or one of both fails; AutogradError where
 *   `derivative` returns no list of gradients
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
  definePrimitiveTakes(arguments);
  const { name } = spec;
  const infer = (inputs: I, attributes: A) => checkedMeta(name, spec.infer(inputs, attributes));
  return own.definePrimitive({
    keepsNothing: false,
    ...spec,
    key: `${name}, user's`,
    infer,
    ...checkedRun(spec),
  });
}

/**
 * {@link definePrimitive} for several results: `derivative` gets a gradient, or `null`, for each of them.
 * @throws ValueError, AutogradError as {@link definePrimitive}
 */
export function defineMulti<
  A = undefined,
  I extends Tensors = [Tensor],
  O extends Tensors = [Tensor, Tensor],
>(spec: MultiSpec<A, I, O>): MultiPrimitive<A, I, O> {
  defineMultiTakes(arguments);
  const { name } = spec;
  const infer = (inputs: I, attributes: A) => checkedMetas(name, spec.infer(inputs, attributes));
  return own.defineMulti({
    keepsNothing: false,
    ...spec,
    key: `${name}, user's`,
    infer,
    ...checkedRun(spec),
  });
}

/**
 * {@link definePrimitive} for views; `derivative` reads no saved tensor.
 * @throws ValueError as {@link definePrimitive}, and where it runs for a view that leaves the memory of the input
 */
export function defineView<A = undefined>(spec: ViewSpec<A>): ViewPrimitive<A> {
  defineViewTakes(arguments);
  const { name, derivative } = spec;
  return own.defineView({
    keepsNothing: false,
    ...spec,
    alias: (input, attributes) => checkedAlias(name, input, spec.alias(input, attributes)),
    ...(derivative && {
      derivative: (g: Tensor, node: GradNode<A>) =>
        checkedGradients(name, 1, [spec.derivative!(g, node)])[0] as Tensor,
    }),
  });
}

/** What `run` gives; an error of the user's part of the operation bears its name. */
function tried<P extends Parameters<typeof ofForeign>[0], I extends Tensors, A, R>(
  run: (primitive: P, inputs: I, attributes: A) => R,
  primitive: P,
  inputs: I,
  attributes: A,
): R {
  try {
    return run(primitive, inputs, attributes);
  } catch (error) {
    throw ofForeign(primitive, inputs, attributes, error);
  }
}

/**
 * Runs an operation, the one way to do so: result's shape and dtype, kernel, and the place in the graph. Kindling's
 * own.
 * @throws KindlingError where the operation's `infer` or kernel refuses the inputs; AutogradError where an input is a
 *   view whose base was changed in place since, where its place there cannot be recorded
 */
export function apply<A, I extends Tensors>(primitive: Primitive<A, I>, inputs: I, attributes: A): Tensor {
  applyTakes(arguments);
  return tried(running.apply, primitive, inputs, attributes);
}

/** {@link apply} for an operation that has several results. */
export function applyMulti<A, I extends Tensors, O extends Tensors>(
  primitive: MultiPrimitive<A, I, O>,
  inputs: I,
  attributes: A,
): O {
  applyMultiTakes(arguments);
  return tried(running.applyMulti, primitive, inputs, attributes);
}

/** {@link apply} for a view: the result shares the input's memory. */
export function applyView<A>(primitive: ViewPrimitive<A>, input: Tensor, attributes: A): Tensor {
  applyViewTakes(arguments);
  try {
    return running.applyView(primitive, input, attributes);
  } catch (error) {
    throw isRaw(error) ? failed(primitive.name, 'alias', [input], error) : error;
  }
}

/**
 * Runs an operation whose result takes the place of its first input. The derivative is that of the out-of-place
 * operation; where that reads the input's old value, a copy of it is kept. Kindling's own.
 * @throws AutogradError or ValueError when the input may not change, ShapeError or DTypeError when it cannot hold the
 *   result
 */
export function applyInPlace<A, I extends Tensors>(
  primitive: Primitive<A, I>,
  inputs: I,
  attributes: A,
): Tensor {
  applyInPlaceTakes(arguments);
  return tried(inPlace.applyInPlace, primitive, inputs, attributes);
}

/**
 * The result of an operation that is composed of others, under the name that PyTorch's has: its gradFn prints as
 * `<RepeatBackward0>`, not as the last operation of the composition. `name` is the operation's, or the node's own where it
 * is no first form, as `'SqueezeBackward1'`. Kindling's own.
 */
export function composed(name: string, result: Tensor, ...inputs: readonly Tensor[]): Tensor {
  composedTakes([name, result, inputs]);
  return running.composed(name, result, ...inputs);
}

/**
 * The elements of x in row-major order: the one door to data outside the kernels of operations. `reason` says by what
 * they are read and for what (`'item'`, `'print'`, `'one_hot: number of classes'`): observers see it, and a tracer
 * refuses it.
 *
 * Of a dense tensor this is its memory itself, of any other a copy. Kindling's own.
 */
export function valuesOf(x: Tensor, reason: string): TypedArray {
  valuesOfTakes(arguments);
  return reading.valuesOf(x, reason);
}

/**
 * For kernels: the elements of `x` in row-major order, of a dense one its memory itself, of any other a copy.
 * Kindling's own.
 * @throws DTypeError for what is no tensor
 */
export function elementsOf(x: Tensor): TypedArray {
  elementsOfTakes(arguments);
  return kernels.elementsOf(x);
}
