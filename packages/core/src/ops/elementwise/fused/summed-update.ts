import { K, signature } from '../../../arguments/index.ts';
import { ValueError } from '../../../errors.ts';
import { chainSums, type Expr, sumElementwise } from '../../../kernels/index.ts';
import { coded } from '../../../record/code.ts';
import { updateInPlace } from '../../../record/in-place.ts';
import { observed, type Rerun } from '../../../record/observe.ts';
import { valuesOf } from '../../../record/values.ts';
import { emptyTensor, type Tensor } from '../../../tensor.ts';
import { copy_ } from '../../creation/copy.ts';
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
  /** Its numbers, from the sum of the update before it; of the first, from 0. */
  numbers(sum: number): readonly number[];
}

const links = /* @__PURE__ */ K.listOf(
  /* @__PURE__ */ K.kind('an object with update, inputs and numbers', (x) => {
    const { update, inputs, numbers } = (K.isOptions(x) ? x : {}) as Partial<LinkOfSums>;
    return update instanceof SummedUpdate && K.tensors.accepts(inputs) && K.callable.accepts(numbers);
  }),
  'an array of objects with update, inputs and numbers',
);
const chainTakes = signature('SummedUpdate.chain', {
  start: K.tensor,
  links,
  options: /* @__PURE__ */ K.options({
    owner: /* @__PURE__ */ K.kind('an object', (x) => typeof x === 'object'),
  }),
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

  /**
   * Makes updates one after another, each of what the last one has made (the first of `start`, which stays as it is) and
   * with the numbers that follow from its sum; gives what the last one makes, and its sum. The bits are those of
   * {@link run} on a copy, one call after another; but what the updates take is brought to where kernels work once, and
   * what they hand on is there till the end. Chains of one `owner`, with none of another between them, find there what
   * has not changed since.
   * @throws ValueError where an update has not one target; else as {@link run}
   * @example
   * ```ts
   * const along = new SummedUpdate('along', 1, 1, (x, d, t) => {
   *   const next = E.add(x, E.mul(d, t));
   *   return [E.mul(next, d), next];
   * });
   * const d = tensor([2, 4], { dtype: 'float32' });
   * const link = { update: along, inputs: [d], numbers: (sum: number) => [0.5 - sum / 42] };
   * const { result, sum } = SummedUpdate.chain(tensor([1.5, 2]), [link, link]);
   * result; // tensor([2.5000, 4.0000])
   * sum; // 21
   * ```
   */
  static chain(
    start: Tensor,
    links: readonly LinkOfSums[],
    { owner }: { owner?: object } = {},
  ): { result: Tensor; sum: number } {
    chainTakes(arguments);
    for (const { update } of links)
      if (update.targets !== 1)
        throw new ValueError(
          `${update.name}: expected an update of one target, got one of ${update.targets}`,
        );
    const result = emptyTensor(start.shape, start.dtype);
    const found = observed ? null : SummedUpdate.#chainInKernels(start, links, result, owner ?? null);
    if (found !== null) return { result, sum: found };
    copy_(result, start);
    let sum = 0;
    for (const { update, inputs, numbers } of links) {
      const total = update.run([result, ...inputs], numbers(sum));
      sum = Number(valuesOf(total, 'SummedUpdate.chain')[0]);
    }
    return { result, sum };
  }

  /** The last sum; `null`, and nothing has been done, where the kernel of chains does not take these. */
  static #chainInKernels(
    start: Tensor,
    links: readonly LinkOfSums[],
    result: Tensor,
    owner: object | null,
  ): number | null {
    const [first] = links;
    if (first === undefined) return null;
    const all: Tensor[] = [start];
    const chained = links.map(({ update, inputs, numbers }) => {
      const fused = update.#fused;
      const tensors = [start, ...inputs];
      const checked = (sum: number): readonly number[] => {
        const params = numbers(sum);
        fused.floatDType(Number.POSITIVE_INFINITY, tensors, params);
        return params;
      };
      for (const x of inputs) all.push(x);
      return { kernel: fused.kernel, inputs, numbers: checked };
    });
    let sum: number | null = null;
    updateInPlace(first.update.name, [result], all, [], () => {
      sum = chainSums(start, chained, result, owner);
    });
    return sum;
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
