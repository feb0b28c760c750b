import { K, signature } from '../arguments/index.ts';
import { AutogradError } from '../errors.ts';
import { stack } from '../ops/arranging/joining.ts';
import { zerosLike } from '../ops/creation/fill.ts';
import { reshape } from '../ops/views/shape.ts';
import { enableGrad } from '../record/grad-mode.ts';
import { formatShape } from '../shape.ts';
import { allocateZeroed } from '../storage.ts';
import { Tensor, wrapArray } from '../tensor.ts';
import {
  type Arguments,
  Call,
  type Each,
  type FunctionalOptions,
  oneHot,
  outputsOf,
  type Tensors,
} from './functional-call.ts';
import { requiresGrad_ } from './hooks.ts';

export type { Arguments, Each, FunctionalOptions, Tensors } from './functional-call.ts';

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

/**
 * The value of `func` at `inputs`, and the product of the vector `v` with its Jacobian, vᵀJ: one backward pass.
 * `v` has the form and shapes of the outputs; it may be left out where that is a single element.
 * Follows `torch.autograd.functional.vjp`.
 * @throws AutogradError where inputs, outputs or `v` are not tensors, and in strict mode where nothing depends on an
 *   input
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
  vjpTakes(arguments);
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
 * @throws AutogradError where inputs, outputs or `v` are not tensors, and in strict mode where nothing depends on an
 *   input
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
  jvpTakes(arguments);
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
 * The Jacobian: for each output and input a tensor of shape (...output, ...input) whose entry [i, j] is
 * ∂outputᵢ/∂inputⱼ. A tensor where both are single tensors, else arrays in their form. One backward pass an output
 * element. Follows `torch.autograd.functional.jacobian`.
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
  jacobianTakes(arguments);
  return jacobianOf('jacobian', func, inputs, options);
}

function jacobianOf<X extends Tensors, O extends Tensors>(
  name: string,
  func: (...args: Arguments<X>) => O,
  inputs: X,
  options: FunctionalOptions,
): Each<O, Each<X, Tensor>> {
  return enableGrad(() => {
    const call = new Call(name, inputs, options);
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
    `${name}: The function given to ${name} must return a single Tensor with a single element, got ${shapes}`,
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
  hessianTakes(arguments);
  const { strict = false } = options;
  const scalar = (...args: Arguments<X>): Tensor => {
    const y = func(...args);
    const outputs = outputsOf('hessian', y);
    checkSingleElement('hessian', outputs);
    return reshape(outputs[0]!, []);
  };
  const gradientAt = (...args: Arguments<X>): Tensors => {
    const at = (inputs instanceof Tensor ? args[0] : args) as X;
    return jacobianOf('hessian', scalar, at, { createGraph: true, strict }) as Tensors;
  };
  return jacobianOf('hessian', gradientAt, inputs, options) as Each<X, Each<X, Tensor>>;
}

type HessianProduct = <X extends Tensors>(
  func: (...args: Arguments<X>) => Tensor,
  inputs: X,
  v?: Tensors | null,
  options?: FunctionalOptions,
) => [Tensor, Each<X, Tensor>];

/**
 * A product with the Hessian, made by `multiply` from the gradient, which is recorded so that it can be differentiated.
 */
function hessianProduct(
  name: string,
  multiply: (
    call: Call<Tensors>,
    gradient: readonly Tensor[],
    vectors: readonly Tensor[],
  ) => readonly Tensor[],
): HessianProduct {
  const takes = signature(name, vjpParameters);
  return function <X extends Tensors>(
    func: (...args: Arguments<X>) => Tensor,
    inputs: X,
    v: Tensors | null = null,
    options: FunctionalOptions = {},
  ): [Tensor, Each<X, Tensor>] {
    takes(arguments);
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
 * The value of a function with one element, and the product of its Hessian with the vector `v`, Hv. Where the Hessian
 * is symmetric this equals {@link vhp}, which is faster. Follows `torch.autograd.functional.hvp`.
 * @throws AutogradError, ShapeError as {@link vhp}
 */
export const hvp: HessianProduct = hessianProduct('hvp', (call, gradient, vectors) => {
  const dummies = call.inputs.map((x) => requiresGrad_(zerosLike(x)));
  const twice = call.grads(gradient, call.inputs, dummies, true, 'double_back');
  call.checkRecorded(twice, 'hessian');
  return call.grads(twice, dummies, vectors, call.createGraph, 'double_back_trick');
});
