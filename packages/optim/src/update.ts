import { type E, emptyLike, FusedUpdate, sameShape, type Tensor } from '@kindling/core';
import type { ParamState } from './state-dict.ts';

/** The second part of an update: the kernel that changes a parameter and its state. */
export interface Update {
  /** Names, in {@link ParamState}, of the tensors that are changed beside the parameter; they may depend on its shape. */
  readonly state: readonly string[] | ((p: Tensor) => readonly string[]);
  /** Names of the counts that `numbers` keeps there. */
  readonly counts?: readonly string[];
  /** Changes the parameter and the state tensors. */
  readonly kernel: UpdateKernel;
  /** Whether `numbers` depends on the group, on the counts, and on whether there is state yet, and on nothing else. */
  readonly alike?: boolean;
}

/**
 * What changes a parameter and its state in place: a `FusedUpdate`, which does so in one pass over memory, or several operations,
 * of which each hands the numbers on as they came, since in a compiled step they are others in each call.
 */
export interface UpdateKernel {
  /** Takes the parameter, the state tensors and the gradient, the numbers of this step, and where to get memory of which nothing is kept. */
  run(tensors: readonly Tensor[], numbers: readonly number[], spare: Spare): void;
  /** The same for several parameters whose numbers are the same, where that is faster than one after another. */
  runAll?(lists: readonly (readonly Tensor[])[], numbers: readonly number[]): void;
}

/** Gives a tensor of the shape and dtype of another, in which anything may stand: the same for all parameters that are alike. */
export type Spare = (like: Tensor) => Tensor;

/** That of one step: one parameter after another works in the same memory, which is in the cache by then. */
export function spareOfStep(): Spare {
  const made: Tensor[] = [];
  return (like) => {
    let found = made.find(({ shape, dtype }) => dtype === like.dtype && sameShape(shape, like.shape));
    if (found === undefined) {
      found = emptyLike(like);
      made.push(found);
    }
    return found;
  };
}

/** The names of the state of `p`. */
export const stateNames = ({ state }: Update, p: Tensor): readonly string[] =>
  typeof state === 'function' ? state(p) : state;

/**
 * The arithmetic of an update: from a parameter, its gradient, its state tensors by name and the numbers of the step, the new
 * parameter `w` and the new state.
 */
export type Arithmetic<S extends string, N extends readonly E.Expr[]> = (
  w: E.Expr,
  grad: E.Expr,
  state: Readonly<Record<S, E.Expr>>,
  numbers: N,
) => Readonly<{ w: E.Expr } & Partial<Record<S, E.Expr>>>;

/** An update by one kernel that changes the tensors named in `state`, beside which `counts` are kept. */
export function fusedUpdate<S extends string, N extends readonly E.Expr[]>(
  name: string,
  state: readonly S[],
  counts: readonly string[],
  arithmetic: Arithmetic<S, N>,
): Update {
  const kernel = new FusedUpdate(name, 1 + state.length, 1, (w, ...others) => {
    const [grad, ...numbers] = others.slice(state.length) as [E.Expr, ...E.Expr[]];
    const old = Object.fromEntries(state.map((key, i) => [key, others[i]])) as Record<S, E.Expr>;
    const next = arithmetic(w as E.Expr, grad, old, numbers as unknown as N);
    return [next.w, ...state.map((key) => next[key] as E.Expr)];
  });
  return { state, counts, kernel, alike: true };
}

/** From so many parameters on it takes less time to find those that share their numbers, and to update them at once. */
const worthJoining = 8;

/** Whether parameters are to be updated at once where they share their numbers. */
export const isWorthJoining = ({ alike = false, kernel }: Update, params: readonly Tensor[]): boolean =>
  alike && params.length >= worthJoining && kernel.runAll !== undefined;

/**
 * The numbers of one parameter after another: an array that is shared, unless `apart`, by those that an update
 * treats alike and that have the same counts.
 */
export function numbersOfAll(
  update: Update,
  params: readonly Tensor[],
  stateOf: (p: Tensor) => ParamState,
  numbersOf: (state: ParamState, p: Tensor) => readonly number[],
  apart: boolean,
): (readonly number[])[] {
  const { alike = false, counts = [], state: names } = update;
  if (!alike) return params.map((p) => numbersOf(stateOf(p), p));
  const [first = ''] = names as readonly string[];
  const before: unknown[] = [];
  let begunBefore = false;
  let after: ParamState | null = null;
  let numbers: readonly number[] | null = null;
  const all = new Array<readonly number[]>(params.length);
  for (let i = 0; i < params.length; i++) {
    const p = params[i] as Tensor;
    const state = stateOf(p);
    const begun = state[first] !== undefined;
    if (numbers !== null && after !== null && begun === begunBefore && hasCounts(state, counts, before)) {
      for (const count of counts) state[count] = after[count] as number;
      all[i] = apart ? [...numbers] : numbers;
      continue;
    }
    for (let k = 0; k < counts.length; k++) before[k] = state[counts[k] as string];
    begunBefore = begun;
    after = state;
    numbers = numbersOf(state, p);
    all[i] = numbers;
  }
  return all;
}

function hasCounts(state: ParamState, counts: readonly string[], values: readonly unknown[]): boolean {
  for (let k = 0; k < counts.length; k++) if (state[counts[k] as string] !== values[k]) return false;
  return true;
}

/** Runs a kernel over one parameter after another; `together`, over those that share their numbers at once, if it can. */
export function runEach(
  kernel: UpdateKernel,
  operands: readonly (readonly Tensor[])[],
  numbers: readonly (readonly number[])[],
  together: boolean,
): void {
  const spare = spareOfStep();
  let begin = 0;
  for (let i = 0; i < numbers.length; i++) {
    const ofStep = numbers[i] as readonly number[];
    if (together && numbers[i + 1] === ofStep && kernel.runAll !== undefined) continue;
    if (begin === i) kernel.run(operands[i] as Tensor[], ofStep, spare);
    else kernel.runAll?.(operands.slice(begin, i + 1), ofStep);
    begin = i + 1;
  }
}

/** One update for each combination of features, made when first asked for. */
export function updatesByFeatures<F extends boolean[]>(
  make: (...features: F) => Update,
): (...features: F) => Update {
  const made: Update[] = [];
  return (...features) => {
    let key = 0;
    for (let i = 0; i < features.length; i++) key = 2 * key + (features[i] === true ? 1 : 0);
    let update = made[key];
    if (update === undefined) {
      update = make(...features);
      made[key] = update;
    }
    return update;
  };
}
