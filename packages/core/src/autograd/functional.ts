import { K, signature } from '../arguments/index.ts';
import { AutogradError, ShapeError } from '../errors.ts';
import { stack } from '../ops/arranging/joining.ts';
import { detach } from '../ops/creation/copy.ts';
import { zerosLike } from '../ops/creation/fill.ts';
import { reshape, viewAs } from '../ops/views/shape.ts';
import { enableGrad } from '../record/grad-mode.ts';
import { formatShape, sameShape } from '../shape.ts';
import { allocateZeroed } from '../storage.ts';
import { Tensor, wrapArray } from '../tensor.ts';
import { grad } from './backward.ts';
import { requiresGrad_ } from './hooks.ts';

/** One tensor, or several: the functions here return what has the same form. */
export type Tensors = Tensor | readonly Tensor[] | [];

/** The arguments that a function of `X` takes. */
export type Arguments<X> = X extends readonly unknown[] ? { -readonly [K in keyof X]: Tensor } : [x: Tensor];

/** A value for each tensor of `X`, in the same form. */
export type Each<X, V> = X extends readonly unknown[] ? { -readonly [K in keyof X]: V } : V;

/** Options that the functions here share. */
export interface FunctionalOptions {
  /** Record the result, so that it can be differentiated. Default: false. */
  readonly createGraph?: boolean;
  /** Raise an error where a result is zero because nothing depends on an input, instead of giving zeros. Default: false. */
  readonly strict?: boolean;
}

const tensorOrTensors = K.either(K.tensor, K.tensors);
const functionalOptions = K.options<FunctionalOptions>({ createGraph: K.flag, strict: K.flag });
const jacobianParameters = { func: K.callable, inputs: tensorOrTensors, options: functionalOptions };
const jacobianTakes = signature('jacobian', jacobianParameters);
const hessianTakes = signature('hessian', jacobianParameters);
const vjpParameters = {
  func: K.callable,
  inputs: tensorOrTensors,
  v: K.nullable(tensorOrTensors),
  options: functionalOptions,
};
const vjpTakes = signature('vjp', vjpParameters);
const jvpTakes = signature('jvp', vjpParameters);

type Stage = 'back' | 'back_trick' | 'double_back' | 'double_back_trick';

const dependsNot: Record<Stage, (i: number) => string> = {
  back: (i) =>
    `The output of the user-provided function is independent of input ${i}. This is not allowed in strict mode.`,
  back_trick: (i) =>
    `The gradient with respect to the input is independent of entry ${i} in the grad_outputs when using the double ` +
    'backward trick to compute forward mode gradients. This is not allowed in strict mode.',
  double_back: (i) =>
    `The jacobian of the user-provided function is independent of input ${i}. This is not allowed in strict mode.`,
  double_back_trick: (i) =>
    `The hessian of the user-provided function is independent of entry ${i} in the grad_jacobian. This is not allowed ` +
    'in strict mode as it prevents from using the double backward trick to replace forward mode AD.',
};

/** A call of one of the functions here: its name, its inputs prepared for differentiation, its options. */
class Call<X extends Tensors> {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly single: boolean;
  readonly createGraph: boolean;
  readonly strict: boolean;

  constructor(name: string, inputs: X, options: FunctionalOptions) {
    this.name = name;
    this.single = inputs instanceof Tensor;
    this.createGraph = options.createGraph ?? false;
    this.strict = options.strict ?? false;
    this.inputs = this.list(inputs, 'inputs').map((x) => this.fresh(x));
  }

  list(x: Tensors, what: string): readonly Tensor[] {
    const list: readonly unknown[] = x instanceof Tensor ? [x] : Array.isArray(x) ? x : [x];
    const bad = list.findIndex((t) => !(t instanceof Tensor));
    if (bad >= 0 || list.length === 0) {
      throw new AutogradError(
        `The ${what} given to ${this.name} must be either a Tensor or an array of Tensors` +
          (bad >= 0
            ? ` but the value at index ${bad} has type ${typeof list[bad]}.`
            : ', not an empty array.'),
      );
    }
    return list as readonly Tensor[];
  }

  /** An alias of an input: part of the graph under `createGraph`, else a leaf of its own. */
  fresh(x: Tensor): Tensor {
    const needsOwnLeaf = !this.createGraph || !x.requiresGrad;
    return needsOwnLeaf ? requiresGrad_(detach(x)) : viewAs(x, x);
  }

  run<O extends Tensors>(
    func: (...args: Arguments<X>) => O,
  ): { outputs: readonly Tensor[]; single: boolean } {
    const result = func(...(this.inputs as unknown as Arguments<X>));
    const outputs = this.list(result, 'outputs of the user-provided function');
    if (this.strict) {
      const bad = outputs.findIndex((y) => !y.requiresGrad);
      if (bad >= 0) {
        throw new AutogradError(
          `Output ${bad} of the user-provided function does not require gradients. The outputs must be computed in a ` +
            'differentiable manner from the input when running in strict mode.',
        );
      }
    }
    return { outputs, single: result instanceof Tensor };
  }

  /** The vector of a product: checked against what it is multiplied with, ones of one element where it may be left out. */
  vector(v: Tensors | null, others: readonly Tensor[], what: string): readonly Tensor[] {
    if (v === null) {
      const [only] = others;
      if (others.length !== 1 || only?.count !== 1) {
        throw new AutogradError(
          `The vector v can only be null if ${what === 'output' ? 'the user-provided function returns' : 'the input is'} ` +
            'a single Tensor with a single element.',
        );
      }
      return [oneHot(only, 0)];
    }
    const list = this.list(v, 'vector v');
    if (list.length !== others.length) {
      throw new AutogradError(
        `${this.name}: v has ${list.length} tensors, but there are ${others.length} ${what}s`,
      );
    }
    list.forEach((x, i) => {
      const shape = others[i]?.shape;
      if (shape === undefined || sameShape(x.shape, shape)) return;
      throw new ShapeError(
        `${this.name}: entry ${i} of v has shape ${formatShape(x.shape)}, the ${what} ${formatShape(shape)}`,
      );
    });
    return this.createGraph ? list : list.map(detach);
  }

  /** Gradients, with zeros (or an error, where strict) for inputs that nothing depends on. */
  grads(
    outputs: readonly Tensor[],
    inputs: readonly Tensor[],
    vectors: readonly (Tensor | null)[],
    createGraph: boolean,
    stage: Stage,
  ): Tensor[] {
    const roots = outputs.map((y, i) => [y, vectors[i] ?? null] as const).filter(([y]) => y.requiresGrad);
    const found =
      roots.length === 0
        ? inputs.map(() => null)
        : grad(
            roots.map(([y]) => y),
            inputs,
            { gradOutputs: roots.map(([, v]) => v), createGraph, retainGraph: true, allowUnused: true },
          );
    return inputs.map((x, i) => {
      const g = found[i] ?? null;
      if (g === null && this.strict) throw new AutogradError(dependsNot[stage](i));
      return g ?? zerosLike(x);
    });
  }

  /** Under strict and `createGraph`, the result must itself depend on the inputs. */
  checkRecorded(results: readonly Tensor[], what: string): void {
    if (!this.strict || !this.createGraph) return;
    const bad = results.findIndex((g) => !g.requiresGrad);
    if (bad < 0) return;
    throw new AutogradError(
      `The ${what} of the user-provided function is independent of input ${bad}. This is not allowed in strict mode ` +
        'when createGraph is true.',
    );
  }

  /** Results in the form of the inputs or outputs, outside the graph unless it was asked for. */
  finish(results: readonly Tensor[], single: boolean): Tensors {
    const list = this.createGraph ? results : results.map((x) => (x.requiresGrad ? detach(x) : x));
    const [only] = list;
    return single && only !== undefined ? only : list;
  }
}

function oneHot(like: Tensor, i: number): Tensor {
  const array = allocateZeroed(like.dtype, like.count);
  array[i] = 1;
  return wrapArray(array, like.shape, like.dtype);
}

/**
 * The value of `func` at `inputs`, and the product of the vector `v` with its Jacobian, vᵀJ: one backward pass.
 * `v` has the form and shapes of the outputs; it may be left out where that is a single element.
 * Follows `torch.autograd.functional.vjp`.
 * @throws AutogradError where inputs, outputs or `v` are not tensors, and in strict mode where nothing depends on an input
 * @throws ShapeError where `v` does not have the shapes of the outputs
 * @example
 * ```ts
 * const x = tensor([0.5, 2]);
 * const [y, dx] = autograd.functional.vjp((x: Tensor) => x.square(), x, onesLike(x));
 * y; // tensor([0.2500, 4.0000])
 * dx; // tensor([1., 4.])
 * ```
 */
export function vjp<X extends Tensors, O extends Tensors>(
  func: (...args: Arguments<X>) => O,
  inputs: X,
  v: Tensors | null = null,
  options: FunctionalOptions = {},
): [O, Each<X, Tensor>] {
  vjpTakes(func, inputs, v, options);
  return enableGrad(() => {
    const call = new Call('vjp', inputs, options);
    const { outputs, single } = call.run(func);
    const vectors = call.vector(v, outputs, 'output');
    const products = call.grads(outputs, call.inputs, vectors, call.createGraph, 'back');
    call.checkRecorded(products, 'jacobian');
    return [call.finish(outputs, single) as O, call.finish(products, call.single) as Each<X, Tensor>];
  });
}

/**
 * The value of `func` at `inputs`, and the product of its Jacobian with the vector `v`, Jv: two backward passes (the
 * derivative of vᵀJ by v). `v` has the form and shapes of the inputs. Follows `torch.autograd.functional.jvp`.
 * @throws AutogradError where inputs, outputs or `v` are not tensors, and in strict mode where nothing depends on an input
 * @throws ShapeError where `v` does not have the shapes of the inputs
 * @example
 * ```ts
 * const [, tangent] = autograd.functional.jvp((x: Tensor) => x.square(), tensor([0.5, 2]), tensor([1, 0.5]));
 * tangent; // tensor([1., 2.])
 * ```
 */
export function jvp<X extends Tensors, O extends Tensors>(
  func: (...args: Arguments<X>) => O,
  inputs: X,
  v: Tensors | null = null,
  options: FunctionalOptions = {},
): [O, Each<O, Tensor>] {
  jvpTakes(func, inputs, v, options);
  return enableGrad(() => {
    const call = new Call('jvp', inputs, options);
    const vectors = call.vector(v, call.inputs, 'input');
    const { outputs, single } = call.run(func);
    const dummies = outputs.map((y) => requiresGrad_(zerosLike(y)));
    const products = call.grads(outputs, call.inputs, dummies, true, 'back');
    const tangents = call.grads(products, dummies, vectors, call.createGraph, 'back_trick');
    call.checkRecorded(tangents, 'jacobian');
    return [call.finish(outputs, single) as O, call.finish(tangents, single) as Each<O, Tensor>];
  });
}

/**
 * The Jacobian: for each output and input a tensor of shape (...output, ...input) whose entry [i, j] is ∂outputᵢ/∂inputⱼ.
 * A tensor where both are single tensors, else arrays in their form. One backward pass an output element.
 * Follows `torch.autograd.functional.jacobian`.
 * @throws AutogradError where inputs or outputs are not tensors, and in strict mode where nothing depends on an input
 * @example
 * ```ts
 * autograd.functional.jacobian((x: Tensor) => x.square(), tensor([0.5, 2]));
 * // tensor([[1., 0.],
 * //         [0., 4.]])
 * ```
 */
export function jacobian<X extends Tensors, O extends Tensors>(
  func: (...args: Arguments<X>) => O,
  inputs: X,
  options: FunctionalOptions = {},
): Each<O, Each<X, Tensor>> {
  jacobianTakes(func, inputs, options);
  return enableGrad(() => {
    const call = new Call('jacobian', inputs, options);
    const { outputs, single } = call.run(func);
    const blocks = outputs.map((y) => {
      const rows = Array.from({ length: y.count }, (_, i) => {
        const row = call.grads([y], call.inputs, [oneHot(y, i)], call.createGraph, 'back');
        call.checkRecorded(row, 'jacobian');
        return row;
      });
      const ofInputs = call.inputs.map((x, j) => {
        const shape = [...y.shape, ...x.shape];
        if (rows.length === 0) return wrapArray(allocateZeroed(x.dtype, 0), shape, x.dtype);
        return reshape(stack(rows.map((row) => row[j]!)), shape);
      });
      return call.finish(ofInputs, call.single);
    });
    return (single ? blocks[0] : blocks) as Each<O, Each<X, Tensor>>;
  });
}

function checkSingleElement(name: string, outputs: readonly Tensor[]): void {
  if (outputs.length === 1 && outputs[0]?.count === 1) return;
  const shapes = outputs.map((y) => formatShape(y.shape)).join(', ');
  throw new AutogradError(
    `The function given to ${name} must return a single Tensor with a single element, got ${shapes}`,
  );
}

/**
 * The Hessian of a function with one element: for inputs i and j a tensor of shape (...inputᵢ, ...inputⱼ) of second
 * derivatives. Follows `torch.autograd.functional.hessian`.
 * @throws AutogradError where `func` gives more than one element, and as {@link jacobian}
 * @example
 * ```ts
 * autograd.functional.hessian((x: Tensor) => x.pow(3).sum(), tensor([0.5, 2]));
 * // tensor([[ 3.,  0.],
 * //         [ 0., 12.]])
 * ```
 */
export function hessian<X extends Tensors>(
  func: (...args: Arguments<X>) => Tensor,
  inputs: X,
  options: FunctionalOptions = {},
): Each<X, Each<X, Tensor>> {
  hessianTakes(func, inputs, options);
  const { strict = false } = options;
  const scalar = (...args: Arguments<X>): Tensor => {
    const y = func(...args);
    checkSingleElement('hessian', y instanceof Tensor ? [y] : (y as readonly Tensor[]));
    return reshape(y, []);
  };
  const gradientAt = (...args: Arguments<X>): Tensors => {
    const at = (inputs instanceof Tensor ? args[0] : args) as X;
    return jacobian(scalar, at, { createGraph: true, strict }) as Tensors;
  };
  return jacobian(gradientAt, inputs, options) as Each<X, Each<X, Tensor>>;
}

type HessianProduct = <X extends Tensors>(
  func: (...args: Arguments<X>) => Tensor,
  inputs: X,
  v?: Tensors | null,
  options?: FunctionalOptions,
) => [Tensor, Each<X, Tensor>];

/** A product with the Hessian, made by `multiply` from the gradient, which is recorded so that it can be differentiated. */
function hessianProduct(
  name: string,
  multiply: (
    call: Call<Tensors>,
    gradient: readonly Tensor[],
    vectors: readonly Tensor[],
  ) => readonly Tensor[],
): HessianProduct {
  const takes = signature(name, vjpParameters);
  return <X extends Tensors>(
    func: (...args: Arguments<X>) => Tensor,
    inputs: X,
    v: Tensors | null = null,
    options: FunctionalOptions = {},
  ): [Tensor, Each<X, Tensor>] => {
    takes(func, inputs, v, options);
    return enableGrad(() => {
      const call = new Call(name, inputs, options);
      const vectors = call.vector(v, call.inputs, 'input');
      const { outputs } = call.run(func);
      checkSingleElement(name, outputs);
      const gradient = call.grads(outputs, call.inputs, [], true, 'back');
      call.checkRecorded(gradient, 'jacobian');
      const products = multiply(call, gradient, vectors);
      return [call.finish(outputs, true) as Tensor, call.finish(products, call.single) as Each<X, Tensor>];
    });
  };
}

/**
 * The value of a function with one element, and the product of the vector `v` with its Hessian, vᵀH.
 * Follows `torch.autograd.functional.vhp`.
 * @throws AutogradError, ShapeError as {@link vjp}, and where the function gives more than one element
 * @example
 * ```ts
 * const [, product] = autograd.functional.vhp((x: Tensor) => x.pow(3).sum(), tensor([0.5, 2]), tensor([1, 0.5]));
 * product; // tensor([3., 6.])
 * ```
 */
export const vhp: HessianProduct = hessianProduct('vhp', (call, gradient, vectors) =>
  call.grads(gradient, call.inputs, vectors, call.createGraph, 'double_back'),
);

/**
 * The value of a function with one element, and the product of its Hessian with the vector `v`, Hv. Where the Hessian is
 * symmetric this equals {@link vhp}, which is faster. Follows `torch.autograd.functional.hvp`.
 * @throws AutogradError, ShapeError as {@link vhp}
 */
export const hvp: HessianProduct = hessianProduct('hvp', (call, gradient, vectors) => {
  const dummies = call.inputs.map((x) => requiresGrad_(zerosLike(x)));
  const twice = call.grads(gradient, call.inputs, dummies, true, 'double_back');
  call.checkRecorded(twice, 'hessian');
  return call.grads(twice, dummies, vectors, call.createGraph, 'double_back_trick');
});
