import { K, signature } from '../../../arguments/index.ts';
import { type Expr, sumElementwise } from '../../../kernels/index.ts';
import { coded } from '../../../record/code.ts';
import { updateInPlace } from '../../../record/in-place.ts';
import type { Rerun } from '../../../record/observe.ts';
import { emptyTensor, type Tensor } from '../../../tensor.ts';
import { FusedKernel } from './kernel.ts';

const summedUpdateTakes = signature('SummedUpdate', {
  name: K.text,
  targets: K.count,
  inputs: K.count,
  build: K.callable,
});

/**
 * The sum of an expression over all elements, in the one pass over memory that changes tensors: what stands between two
 * products in a row of which the second needs what the first decides. The kernel gets targets, inputs and numbers as
 * that of a `FusedUpdate` does, and gives what is added up, then the new value of each target. All tensors have one
 * shape and one float dtype. The sum has the bits of `sum`. It is not recorded for backward. Kindling's own.
 * @example
 * ```ts
 * const step = new SummedUpdate('step', 1, 1, (x, d, t) => {
 *   const next = E.add(x, E.mul(d, t));
 *   return [E.mul(next, d), next];
 * });
 * const x = tensor([1.5, 2]);
 * step.run([x, tensor([2, 4], { dtype: 'float32' })], [0.5]); // tensor(21.)
 * x; // tensor([2.5000, 4.0000])
 * ```
 */
export class SummedUpdate {
  /** The name in errors and before observers. */
  readonly name: string;
  /** How many of the tensors it changes: the first ones. */
  readonly targets: number;
  readonly #fused: FusedKernel;

  constructor(name: string, targets: number, inputs: number, build: (...x: Expr[]) => Expr[]) {
    summedUpdateTakes(arguments);
    this.name = name;
    this.targets = targets;
    this.#fused = new FusedKernel(name, targets + inputs, 1 + targets, build);
  }

  /**
   * Changes the first {@link targets} of `tensors`, and gives the sum; `params` are the numbers of this call.
   * @throws DTypeError where the tensors are not of one float dtype, ShapeError where not of one shape; ValueError for
   * more or fewer tensors than it takes, or fewer numbers; AutogradError where gradients are recorded of one of them
   */
  run(tensors: readonly Tensor[], params: readonly number[] = []): Tensor {
    const dtype = this.#fused.floatDType(Number.POSITIVE_INFINITY, tensors, params);
    const total = emptyTensor([], dtype);
    updateInPlace(this.name, [total, ...tensors.slice(0, this.targets)], tensors, params, this.#write);
    return total;
  }

  /** What a program does where it is written in it. @internal */
  rerun(): Rerun {
    return this.#write as Rerun;
  }

  readonly #write = coded(
    (tensors: readonly Tensor[], params: readonly number[], [total, ...targets]: readonly Tensor[]): void => {
      const { dtype, storage, offset } = total as Tensor;
      sumElementwise(this.#fused.kernel, dtype, tensors, params, 1, storage.array, offset, targets);
    },
    () => this.#fused.code('summed update', this.targets),
  );
}
