import { assumes, type E, emptyLike, FusedUpdate, isTraced, sameShape, type Tensor } from '@kindling/core';
import type { ParamState } from './state-dict.ts';

/** The second part of an update: the kernel that changes a parameter and its state. */
export interface Update {
  /**
   * Names, in {@link ParamState}, of the tensors that are changed beside the parameter; they may depend on its shape.
   */
  readonly state: readonly string[] | ((p: Tensor) => readonly string[]);
  /** Names of the counts that `numbers` keeps there. */
  readonly counts?: readonly string[];
  /** Changes the parameter and the state tensors. */
  readonly kernel: UpdateKernel;
  /** Whether `numbers` depends on the group, on the counts, and on whether there is state yet, and on nothing else. */
  readonly alike?: boolean;
}

/**
 * What changes a parameter and its state in place: a `FusedUpdate`, which does so in one pass over memory, or several
 * operations, of which each hands the numbers on as they came, since in a compiled step they are others in each call.
 */
export interface UpdateKernel {
  /**
   * Takes the parameter, the state tensors and the gradient, the numbers of this step, and where to get memory of which
   * nothing is kept.
   */
  run(tensors: readonly Tensor[], numbers: readonly number[], spare: Spare): void;
  /** The same for several parameters whose numbers are the same, where that is faster than one after another. */
  runAll?(lists: readonly (readonly Tensor[])[], numbers: readonly number[]): void;
}

/**
 * Gives a tensor of the shape and dtype of another, in which anything may stand: the same for all parameters that are
 * alike.
 */
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
 * The arithmetic of an update: from a parameter, its gradient, its state tensors by name and the numbers of the step,
 * the new parameter `w` and the new state.
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

/** What a step asks of an optimizer. */
interface Asked {
  readonly stateOf: (p: Tensor) => ParamState;
  /** The same, of nothing where there is none: to ask what there is makes none. */
  readonly stateNow: (p: Tensor) => ParamState;
  readonly numbersOf: (state: ParamState, p: Tensor) => readonly number[];
  /** The parameter, its state and its gradient. */
  readonly operandsOf: (p: Tensor) => readonly Tensor[];
  /** Has the host make something, in each call of a compiled step. */
  readonly onHost: <T>(make: () => T) => T;
}

/**
 * Updates parameters with the numbers of all before the first is changed: the host is asked once, and those alike are
 * updated together. Where one is refused it is as if they had been done one after another: those before are changed,
 * those behind not counted.
 */
export function updateAtOnce(update: Update, params: readonly Tensor[], asked: Asked): void {
  const { counts = [] } = update;
  const { stateOf } = asked;
  const before = counts.length === 0 ? [] : params.map((p) => counts.map((count) => stateOf(p)[count]));
  const areOne = isTraced() && areTreatedAlike(update, params, stateOf);
  if (areOne)
    assumes('the counts of the parameters of a group', () => haveSameCounts(counts, params, asked.stateNow));
  const numbers = asked.onHost(() =>
    areOne ? numbersOfOne(counts, params, asked) : numbersOfAll(update, params, asked, isTraced()),
  );
  const { error, next } = runEach(
    update.kernel,
    (i) => asked.operandsOf(params[i] as Tensor),
    numbers,
    !isTraced(),
  );
  if (error === null) return;
  for (let i = next; i < params.length; i++) setBack(update, stateOf(params[i] as Tensor), before[i] ?? []);
  throw error;
}

/** Whether the numbers of all are those of any: all have state, and the same counts. */
function areTreatedAlike(
  { alike, counts = [], state }: Update,
  params: readonly Tensor[],
  stateOf: Asked['stateOf'],
): boolean {
  if (alike !== true || params.length === 0) return false;
  const [first] = typeof state === 'function' ? [] : state;
  // A program takes for given that state which was there is there still.
  const haveBegun = first === undefined || params.every((p) => stateOf(p)[first] !== undefined);
  return haveBegun && haveSameCounts(counts, params, stateOf);
}

function haveSameCounts(
  counts: readonly string[],
  params: readonly Tensor[],
  stateOf: Asked['stateOf'],
): boolean {
  if (counts.length === 0) return true;
  const first = stateOf(params[0] as Tensor);
  for (let i = 1; i < params.length; i++) {
    const state = stateOf(params[i] as Tensor);
    for (let k = 0; k < counts.length; k++)
      if (state[counts[k] as string] !== first[counts[k] as string]) return false;
  }
  return true;
}

/**
 * The numbers of the first parameter, for all, whose counts follow it. One for each: a program that was recorded while
 * the counts were not the same reads them one by one.
 */
function numbersOfOne(
  counts: readonly string[],
  params: readonly Tensor[],
  { stateOf, numbersOf }: Asked,
): readonly (readonly number[])[] {
  const p = params[0] as Tensor;
  const first = stateOf(p);
  const numbers = numbersOf(first, p);
  if (counts.length > 0)
    for (let i = 1; i < params.length; i++) {
      const state = stateOf(params[i] as Tensor);
      for (let k = 0; k < counts.length; k++)
        state[counts[k] as string] = first[counts[k] as string] as number;
    }
  // A loop beats the call of a built-in: each call of a program pays for it.
  const all = new Array<readonly number[]>(params.length);
  for (let i = 0; i < all.length; i++) all[i] = numbers;
  return all;
}

/**
 * The numbers of one parameter after another: an array that is shared, unless `apart`, by those that an update
 * treats alike and that have the same counts.
 */
function numbersOfAll(
  update: Update,
  params: readonly Tensor[],
  { stateOf, numbersOf }: Asked,
  apart: boolean,
): (readonly number[])[] {
  const { alike = false, counts = [], state: names } = update;
  const first = alike && typeof names !== 'function' ? names[0] : undefined;
  const before: unknown[] = [];
  let begunBefore = false;
  let after: ParamState | null = null;
  let numbers: readonly number[] | null = null;
  const all = new Array<readonly number[]>(params.length);
  for (let i = 0; i < params.length; i++) {
    const p = params[i] as Tensor;
    const state = stateOf(p);
    const begun = first !== undefined && state[first] !== undefined;
    const isAsLast = alike && begun === begunBefore && hasCounts(state, counts, before);
    if (numbers !== null && after !== null && isAsLast) {
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

/** Sets the counts of a parameter back to what they were. */
function setBack({ counts = [] }: Update, state: ParamState, before: readonly unknown[]): void {
  for (const [k, count] of counts.entries()) {
    if (before[k] === undefined) delete state[count];
    else state[count] = before[k] as number;
  }
}

/**
 * Runs a kernel over one parameter after another; `together`, over those that share their numbers at once, if it can.
 * Gives the error in which that ends, and the first parameter that it did not come to.
 */
function runEach(
  kernel: UpdateKernel,
  operandsOf: (i: number) => readonly Tensor[],
  numbers: readonly (readonly number[])[],
  together: boolean,
): { error: unknown; next: number } {
  const spare = spareOfStep();
  let next = 0;
  try {
    while (next < numbers.length) {
      const ofStep = numbers[next] as readonly number[];
      let end = next + 1;
      if (together) while (numbers[end] === ofStep) end++;
      if (end - next > 1 && runTogether(kernel, next, end, operandsOf, ofStep)) next = end;
      else kernel.run(operandsOf(next++), ofStep, spare);
    }
    return { error: null, next };
  } catch (error) {
    return { error, next };
  }
}

/**
 * Whether it could be done at once: where one is refused, and nothing has changed, it is left to be done one after
 * another.
 */
function runTogether(
  kernel: UpdateKernel,
  begin: number,
  end: number,
  operandsOf: (i: number) => readonly Tensor[],
  numbers: readonly number[],
): boolean {
  if (kernel.runAll === undefined) return false;
  const lists: (readonly Tensor[])[] = [];
  for (let i = begin; i < end; i++) lists.push(operandsOf(i));
  const before = timesWritten(lists);
  try {
    kernel.runAll(lists, numbers);
    return true;
  } catch (error) {
    if (timesWritten(lists) !== before) throw error;
    return false;
  }
}

function timesWritten(lists: readonly (readonly Tensor[])[]): number {
  let times = 0;
  for (const [p] of lists) times += p?.storage.version ?? 0;
  return times;
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
