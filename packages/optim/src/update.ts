import { type E, FusedUpdate, type Tensor } from '@kindling/core';

/** The second part of an update: the kernel that changes a parameter and its state. */
export interface Update {
  /** Names, in {@link ParamState}, of the tensors that are changed beside the parameter; they may depend on its shape. */
  readonly state: readonly string[] | ((p: Tensor) => readonly string[]);
  /** Names of the counts that `numbers` keeps there. */
  readonly counts?: readonly string[];
  /** Changes the parameter and the state tensors. */
  readonly kernel: UpdateKernel;
}

/**
 * What changes a parameter and its state in place: a `FusedUpdate`, which does so in one pass over memory, or several operations,
 * of which each hands the numbers on as they came, since in a compiled step they are others in each call.
 */
export interface UpdateKernel {
  /** Takes the parameter, the state tensors and the gradient, and the numbers of this step. */
  run(tensors: readonly Tensor[], numbers: readonly number[]): void;
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
  return { state, counts, kernel };
}

/** One update for each combination of features, made when first asked for. */
export function updatesByFeatures<F extends boolean[]>(
  make: (...features: F) => Update,
): (...features: F) => Update {
  const made: Update[] = [];
  return (...features) => {
    let key = 0;
    for (const feature of features) key = 2 * key + Number(feature);
    let update = made[key];
    if (update === undefined) {
      update = make(...features);
      made[key] = update;
    }
    return update;
  };
}
