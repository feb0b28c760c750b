import { checkArguments, K, signature } from '../../../arguments/index.ts';
import { laneOf } from '../../../dtype.ts';
import { type Expr, isPackable, runElementwiseMany, runElementwisePacked } from '../../../kernels/index.ts';
import { isArray } from '../../../readable.ts';
import { coded } from '../../../record/code.ts';
import { isRecording } from '../../../record/flags.ts';
import { prepareInPlace, updateInPlace } from '../../../record/in-place.ts';
import { observed, type Rerun } from '../../../record/observe.ts';
import type { Storage } from '../../../storage.ts';
import type { Tensor } from '../../../tensor.ts';
import { clone, copy_ } from '../../creation/copy.ts';
import { type Inputs, isFilled } from '../operands.ts';
import { applyElementwise, ElementwiseOp } from '../operation.ts';
import { FusedKernel } from './kernel.ts';

function readsAny(tensors: readonly Tensor[], written: ReadonlySet<Storage>): boolean {
  for (let i = 0; i < tensors.length; i++) if (written.has((tensors[i] as Tensor).storage)) return true;
  return false;
}

/**
 * The first of a list, by a loop: at each update of each parameter, which of few elements takes less time than slice().
 */
function firstOf(tensors: readonly Tensor[], count: number): Tensor[] {
  const first = new Array<Tensor>(count);
  for (let i = 0; i < count; i++) first[i] = tensors[i] as Tensor;
  return first;
}

const listsOfTensors = /* @__PURE__ */ K.listOf(K.tensors, 'an array of lists of tensors');

const fusedUpdateTakes = signature('FusedUpdate', {
  name: K.text,
  targets: K.positiveCount,
  inputs: K.count,
  build: K.callable,
});

/**
 * An update of several tensors at once, in one pass over memory: what an optimizer does to a parameter and its state.
 *
 * The kernel gets the targets, the further inputs, then the numbers of each call, and gives the new value of each
 * target. All tensors have one shape and one float dtype; inputs broadcast. Where gradients are recorded and one of the
 * tensors requires them, they flow through the update: each target becomes the result of its expression, computed of
 * all tensors as they were.
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
  readonly #fused: FusedKernel;
  /**
   * The new value of each target as an operation of its own, which has a derivative: made when a step is first
   * recorded.
   */
  #values: readonly ElementwiseOp[] | undefined;

  constructor(name: string, targets: number, inputs: number, build: (...x: Expr[]) => Expr[]) {
    fusedUpdateTakes(arguments);
    this.name = name;
    this.targets = targets;
    this.#fused = new FusedKernel(name, targets + inputs, targets, build);
  }

  /**
   * Updates the first {@link targets} of `tensors` in place; `params` are the numbers of this call.
   * @throws DTypeError when the tensors are not of one dtype
   * @throws ShapeError when the targets are not of one shape, or an input does not broadcast to it
   * @throws ValueError when there are more or fewer tensors than the update takes, or fewer numbers; where `build`
   * gives no expression for each target
   * @throws AutogradError when gradients are recorded and a target is a leaf that requires one
   */
  run(tensors: readonly Tensor[], params: readonly number[]): void {
    this.#fused.check(this.targets, tensors, params);
    if (tensors.length === 0) return;
    if (isRecording() && this.#isRecorded(tensors)) this.#record(tensors, params);
    else updateInPlace(this.name, firstOf(tensors, this.targets), tensors, params, this.#write);
  }

  /**
   * {@link run} for each of several lists of tensors, with the same numbers: lists of small tensors go through the
   * kernel side by side, which spares most of what a call costs beside the arithmetic. The bits are those of one call
   * after another.
   * @throws DTypeError, ShapeError, ValueError and AutogradError as {@link run}, before anything has changed
   * @example
   * ```ts
   * const halve = new FusedUpdate('halve', 1, 0, (w) => [E.mul(w, 0.5)]);
   * const [a, b] = [ones(2), ones(3)];
   * halve.runAll([[a], [b]], []);
   * b; // tensor([0.5000, 0.5000, 0.5000])
   * ```
   */
  runAll(lists: readonly (readonly Tensor[])[], params: readonly number[]): void {
    if (!isArray(lists)) checkArguments(this.name, { lists: listsOfTensors }, [lists]);
    for (const tensors of lists) this.#fused.check(this.targets, tensors, params);
    const isRecorded = isRecording() && lists.map((tensors) => this.#isRecorded(tensors)).includes(true);
    if (observed || isRecorded) {
      for (const tensors of lists) this.run(tensors, params);
      return;
    }
    let beside: Inputs[] = [];
    const written = new Set<Storage>();
    for (const tensors of lists) {
      const [first] = beside;
      const packable = isFilled(tensors) && isPackable(tensors);
      if (
        !packable ||
        (first !== undefined && first[0].dtype !== tensors[0].dtype) ||
        readsAny(tensors, written)
      ) {
        this.#runBeside(beside, params);
        beside = [];
        written.clear();
      }
      if (packable) {
        beside.push(tensors);
        for (let i = 0; i < this.targets; i++) written.add((tensors[i] as Tensor).storage);
      } else this.run(tensors, params);
    }
    this.#runBeside(beside, params);
  }

  /** Whether gradients flow through an update of these; refuses it where a target may not change. */
  #isRecorded(tensors: readonly Tensor[]): boolean {
    let isRecorded = false;
    for (const target of tensors.slice(0, this.targets))
      isRecorded = prepareInPlace(target, tensors, this.name) || isRecorded;
    return isRecorded;
  }

  /**
   * The same bits as {@link #write}, by operations. What a derivative reads of the tensors that change is kept as it
   * was.
   */
  #record(tensors: readonly Tensor[], params: readonly number[]): void {
    const targets = tensors.slice(0, this.targets);
    const written = new Set(targets.map(({ storage }) => storage));
    const before = tensors.map((x) => (written.has(x.storage) ? clone(x) : x));
    this.#values ??= targets.map((_, i) => this.#valueOf(i));
    const values = this.#values.map((op) => applyElementwise(op, before, params));
    for (const [i, value] of values.entries()) copy_(targets[i] as Tensor, value);
  }

  #valueOf(i: number): ElementwiseOp {
    const { name, tensors: arity, expressions } = this.#fused;
    return new ElementwiseOp({ name, arity, expression: (...x) => expressions(...x)[i] as Expr });
  }

  /** Runs the kernel once over lists of tensors that are independent of each other. */
  #runBeside(lists: readonly Inputs[], params: readonly number[]): void {
    // By hand: flat() would take twice as long as all the rest.
    const [targets, inputs]: [Tensor[], Tensor[]] = [[], []];
    for (const tensors of lists) {
      for (let i = 0; i < tensors.length; i++) {
        const x = tensors[i] as Tensor;
        inputs.push(x);
        if (i < this.targets) targets.push(x);
      }
    }
    updateInPlace(this.name, targets, inputs, params, () =>
      runElementwisePacked(this.#fused.kernel, lists, params, this.targets),
    );
  }

  /** What a program does where it is written in it. @internal */
  rerun(): Rerun {
    return this.#write as Rerun;
  }

  readonly #write = coded(
    (tensors: readonly Tensor[], params: readonly number[], outs: readonly Tensor[]): void => {
      const { dtype } = tensors[0]!;
      runElementwiseMany(
        this.#fused.kernel,
        dtype === 'int32' ? 'f64' : laneOf(dtype),
        tensors,
        params,
        outs,
      );
    },
    () => this.#fused.code('update', this.targets),
  );
}
