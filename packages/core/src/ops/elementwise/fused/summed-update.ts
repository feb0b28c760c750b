import { K, signature } from '../../../arguments/index.ts';
import { ValueError } from '../../../errors.ts';
import { chainSums, type Expr, sumElementwise } from '../../../kernels/index.ts';
import { updateInPlace } from '../../../record/in-place.ts';
import { observed } from '../../../record/observe.ts';
import { valuesOf } from '../../../record/values.ts';
import { emptyTensor, type Tensor } from '../../../tensor.ts';
import { FusedKernel } from './kernel.ts';

const summedUpdateTakes = signature('SummedUpdate', {
  name: K.text,
  targets: K.count,
  inputs: K.count,
  build: K.callable,
});

/** One of the updates of {@link SummedUpdate.chain}. */
export interface LinkOfSums {
  /** An update of one target. */
  readonly update: SummedUpdate;
  /** What it takes beside that. */
  readonly inputs: readonly Tensor[];
  /** Its numbers, from the sum of the update before it; of the first one, from 0. */
  numbers(sum: number): readonly number[];
}

const links = /* @__PURE__ */ K.listOf(
  /* @__PURE__ */ K.kind('an object with update, inputs and numbers', (x) => {
    const { update, inputs, numbers } = (K.isOptions(x) ? x : {}) as Partial<LinkOfSums>;
    return update instanceof SummedUpdate && K.tensors.accepts(inputs) && K.callable.accepts(numbers);
  }),
  'an array of objects with update, inputs and numbers',
);
const chainTakes = signature('SummedUpdate.chain', { target: K.tensor, links });

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

  /**
   * Makes updates of the same target one after another, each with the numbers that follow from the sum of the one before,
   * and gives the last sum. The bits are those of {@link run}, one call after another; but what the updates take is
   * brought to where kernels work once, and the target is there till the end. What the target holds where `numbers`
   * throws is not said.
   * @throws ValueError where an update has not one target, or there is none; else as {@link run}
   * @example
   * ```ts
   * const along = new SummedUpdate('along', 1, 1, (x, d, t) => {
   *   const next = E.add(x, E.mul(d, t));
   *   return [E.mul(next, d), next];
   * });
   * const [x, d] = [tensor([1.5, 2]), tensor([2, 4], { dtype: 'float32' })];
   * const steps = [0, 1].map(() => ({ update: along, inputs: [d], numbers: (sum: number) => [0.5 - sum / 20] }));
   * SummedUpdate.chain(x, steps); // 10
   * ```
   */
  static chain(target: Tensor, links: readonly LinkOfSums[]): number {
    chainTakes(arguments);
    let sum = 0;
    if (!observed) {
      const found = SummedUpdate.#chainInKernels(target, links);
      if (found !== null) return found;
    }
    for (const { update, inputs, numbers } of links) {
      update.#checkLink();
      const total = update.run([target, ...inputs], numbers(sum));
      sum = Number(valuesOf(total, 'SummedUpdate.chain')[0]);
    }
    return sum;
  }

  /** `null` where the kernel of chains does not take these. */
  static #chainInKernels(target: Tensor, links: readonly LinkOfSums[]): number | null {
    const [first] = links;
    if (first === undefined) return null;
    const all: Tensor[] = [target];
    const chained = links.map(({ update, inputs, numbers }) => {
      update.#checkLink();
      const fused = update.#fused;
      const numbersChecked = (sum: number): readonly number[] => {
        const params = numbers(sum);
        fused.floatDType(Number.POSITIVE_INFINITY, [target, ...inputs], params);
        return params;
      };
      for (const x of inputs) all.push(x);
      return { kernel: fused.kernel, inputs, numbers: numbersChecked };
    });
    let sum: number | null = null;
    updateInPlace(first.update.name, [target], all, [], () => {
      sum = chainSums(target, chained);
    });
    return sum;
  }

  #checkLink(): void {
    if (this.targets !== 1)
      throw new ValueError(`${this.name}: expected an update of one target, got one of ${this.targets}`);
  }

  readonly #write = (
    tensors: readonly Tensor[],
    params: readonly number[],
    [total, ...targets]: readonly Tensor[],
  ): void => {
    const { dtype, storage, offset } = total as Tensor;
    sumElementwise(this.#fused.kernel, dtype, tensors, params, 1, storage.array, offset, targets);
  };
}
