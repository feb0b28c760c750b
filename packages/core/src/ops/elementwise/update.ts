import { checkArguments, K, signature } from '../../arguments/index.ts';
import { laneOf } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { ElementwiseKernel, type Expr, runElementwiseMany } from '../../kernels/index.ts';
import { updateInPlace } from '../../record/in-place.ts';
import { expandsTo, formatShape, sameShape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { checkedUpdate, ofParams } from './operands.ts';

const fusedUpdateTakes = signature('FusedUpdate', {
  name: K.text,
  targets: K.positiveCount,
  inputs: K.count,
  build: K.callable,
});

/**
 * An update of several tensors at once, in one pass over memory: what an optimizer does to a parameter and its state.
 *
 * The kernel gets the targets, the further inputs, then the numbers of each call, and gives the new value of
 * each target. All tensors have one shape and one float dtype; inputs broadcast.
 *
 * Kindling's own.
 * @example
 * ```ts
 * const momentum = new FusedUpdate('sgd', 2, 1, (w, v, g, lr, mu) => {
 *   const velocity = E.add(E.mul(v, mu), g);
 *   return [E.sub(w, E.mul(lr, velocity)), velocity];
 * });
 * const [weight, velocity, grad] = [ones(2), zeros(2), tensor([1, -1], { dtype: 'float32' })];
 * momentum.run([weight, velocity, grad], [0.5, 0.9]);
 * weight; // tensor([0.5000, 1.5000])
 * ```
 */
export class FusedUpdate {
  /** The name in errors and before observers. */
  readonly name: string;
  /** How many of the tensors it changes: the first ones. */
  readonly targets: number;
  readonly #kernel: ElementwiseKernel;
  readonly #tensors: number;
  readonly #params: number;

  constructor(name: string, targets: number, inputs: number, build: (...x: Expr[]) => Expr[]) {
    fusedUpdateTakes(arguments);
    this.name = name;
    this.targets = targets;
    this.#kernel = new ElementwiseKernel(name, targets + inputs, checkedUpdate(name, targets, build));
    this.#tensors = targets + inputs;
    this.#params = Math.max(0, build.length - this.#tensors);
  }

  /**
   * Updates the first {@link targets} of `tensors` in place; `params` are the numbers of this call.
   * @throws DTypeError when the tensors are not of one dtype
   * @throws ShapeError when the targets are not of one shape, or an input does not broadcast to it
   * @throws ValueError when there are more or fewer tensors than the update takes, or fewer numbers; where `build` gives no
   * expression for each target
   * @throws AutogradError when a target is a leaf that requires grad, and gradients are recorded
   */
  run(tensors: readonly Tensor[], params: readonly number[]): void {
    if (!Array.isArray(tensors) || !Array.isArray(params)) this.#refuse(tensors, params);
    const [first] = tensors;
    if (first === undefined) return;
    if (!(first instanceof Tensor)) this.#refuse(tensors, params);
    const { dtype, shape } = first;
    for (let i = 0; i < tensors.length; i++) {
      const x = tensors[i]!;
      if (!(x instanceof Tensor)) this.#refuse(tensors, params);
      if (x.dtype !== dtype) {
        throw new DTypeError(
          `${this.name}: expected all tensors to be ${dtype}, got ${x.dtype} for number ${i}`,
        );
      }
      if (x.shape === shape || sameShape(x.shape, shape)) continue;
      if (i < this.targets || !expandsTo(x.shape, shape)) {
        throw new ShapeError(
          `${this.name}: expected ${i < this.targets ? 'shape' : 'a shape that broadcasts to'} ${formatShape(shape)}, got ` +
            `${formatShape(x.shape)} for number ${i}`,
        );
      }
    }
    if (tensors.length !== this.#tensors || params.length < this.#params) {
      throw new ValueError(
        `${this.name}: expected ${this.#tensors} tensors and ${this.#params} numbers, got ${tensors.length} and ${params.length}`,
      );
    }
    updateInPlace(this.name, tensors.slice(0, this.targets), tensors, params, this.#write);
  }

  /** Throws the error for what are no tensors, or no numbers. */
  #refuse(tensors: unknown, params: unknown): void {
    checkArguments(this.name, { tensors: K.tensors, params: K.listOf(K.number, 'an array of numbers') }, [
      tensors,
      params,
    ]);
  }

  readonly #write = (
    tensors: readonly Tensor[],
    params: readonly number[],
    outs: readonly Tensor[],
  ): void => {
    const { dtype } = tensors[0]!;
    try {
      runElementwiseMany(this.#kernel, dtype === 'int32' ? 'f64' : laneOf(dtype), tensors, params, outs);
    } catch (error) {
      throw ofParams(error, this.name, params);
    }
  };
}
