import {
  AutogradError,
  enableGrad,
  type FusedUpdate,
  formatShape,
  noGrad,
  Tensor,
  ValueError,
  zerosLike,
} from '@kindling/core';
import { camelCase, snakeCase } from './naming.ts';

/** Parameters that share their options. */
export type ParamGroup<O> = O & {
  /** The parameters. */
  params: Tensor[];
  /** The learning rate at which a scheduler began. */
  initialLr?: number;
};

/** What an optimizer is made for: parameters, or groups of them with options of their own. */
export type Params<O> = Iterable<Tensor> | Iterable<Partial<O> & { params: Tensor | Iterable<Tensor> }>;

/** What an optimizer remembers of a parameter: tensors of its shape, and counts. */
export type ParamState = Record<string, Tensor | number>;

/** A value of {@link OptimizerStateDict}'s groups. */
export type OptionValue = number | boolean | null | string | readonly number[];

/** PyTorch's layout: state by the parameters' running number, options in snake_case. */
export interface OptimizerStateDict {
  /** What is remembered of each parameter, by its number. */
  state: Record<number, Record<string, Tensor>>;
  /** The options of each group, and the numbers of its parameters as `params`. */
  param_groups: Record<string, OptionValue>[];
}

/** Called before or after each step. */
export type StepHook = (optimizer: Optimizer) => void;

/** The second part of an update: the kernel that changes a parameter and its state in one pass over memory. */
export interface Update {
  /** Names, in {@link ParamState}, of the tensors that are changed beside the parameter: zeros at first. */
  readonly state: readonly string[];
  /** Takes the parameter, the state tensors, the gradient and the numbers; gives the parameter and the state tensors anew. */
  readonly kernel: FusedUpdate;
}

/**
 * The base of all optimizers: parameter groups, state, `zeroGrad`, `stateDict`. Follows `torch.optim.Optimizer`.
 *
 * An update has two parts, and a new optimizer is a class that states both: {@link numbers} runs in JavaScript and gives the
 * numbers of this step (learning rate, bias corrections) from group and state; {@link updateOf} names the kernel that does
 * the arithmetic. So a step can be replayed with other numbers and the same kernel.
 * @throws ValueError for an empty or no list of parameters; otherwise as {@link addParamGroup}
 * @example
 * ```ts
 * const signStep: optim.Update = {
 *   state: [],
 *   kernel: new FusedUpdate('sign_sgd', 1, 1, (w, g, lr) => [E.sub(w, E.mul(lr, E.sign(g)))]),
 * };
 * class SignSGD extends optim.Optimizer<{ lr: number }> {
 *   constructor(params: optim.Params<{ lr: number }>, options = { lr: 0.01 }) {
 *     super(params, options);
 *   }
 *   protected override updateOf() {
 *     return signStep;
 *   }
 *   protected override numbers({ lr }: { lr: number }) {
 *     return [lr];
 *   }
 * }
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * w.square().sum().backward();
 * new SignSGD([w], { lr: 0.5 }).step();
 * w; // tensor([ 1.0000, -1.5000], requires_grad=True)
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: an optimizer of any options is an Optimizer
export abstract class Optimizer<O extends { lr: number } = any> {
  /** The groups: parameters with their options, which may be changed at any time. */
  readonly paramGroups: ParamGroup<O>[] = [];
  /** What is remembered of each parameter. */
  readonly state = new Map<Tensor, ParamState>();
  /** The options of groups that state none of their own. */
  readonly defaults: O;
  /** How often {@link step} ran; schedulers look at it. */
  stepCount = 0;
  readonly #preHooks = new Set<StepHook>();
  readonly #postHooks = new Set<StepHook>();

  constructor(params: Params<O>, defaults: O) {
    this.defaults = defaults;
    const name = this.constructor.name;
    if (params instanceof Tensor || typeof (params as Iterable<unknown>)?.[Symbol.iterator] !== 'function') {
      throw new ValueError(
        `${name}: params argument given to the optimizer should be an iterable of Tensors or groups, got ` +
          (params instanceof Tensor ? 'a Tensor' : typeof params),
      );
    }
    const list = [...(params as Iterable<Tensor | (Partial<O> & { params: Tensor | Iterable<Tensor> })>)];
    if (list.length === 0) throw new ValueError(`${name}: optimizer got an empty parameter list`);
    if (list[0] instanceof Tensor)
      this.addParamGroup({ params: list as Tensor[] } as unknown as ParamGroup<Partial<O>>);
    else
      for (const group of list)
        this.addParamGroup(group as Partial<O> & { params: Tensor | Iterable<Tensor> });
  }

  /** Checks options; called with those of each group. */
  protected check(_options: O): void {}

  /** The kernel for the options of a group, and the state that it changes. The same object for the same choice of features. */
  protected abstract updateOf(group: ParamGroup<O>): Update;

  /** The numbers of one parameter's step, in the kernel's order. `state` is empty at the first; counts in it are kept here. */
  protected abstract numbers(group: ParamGroup<O>, state: ParamState): readonly number[];

  /**
   * Adds a group of parameters, with options of its own. Follows `Optimizer.add_param_group`.
   * @throws ValueError for what is no tensor or belongs to a group already, AutogradError for a tensor that is no leaf
   */
  addParamGroup(group: Partial<O> & { params: Tensor | Iterable<Tensor> }): void {
    const name = this.constructor.name;
    const params = group.params instanceof Tensor ? [group.params] : [...group.params];
    const known = new Set(this.paramGroups.flatMap((g) => g.params));
    for (const [i, p] of params.entries()) {
      if (!(p instanceof Tensor)) {
        throw new ValueError(
          `${name}: optimizer can only optimize Tensors, but one of the params is ${typeof p}`,
        );
      }
      if (!p.isLeaf) {
        throw new AutogradError(
          `${name}: can't optimize a non-leaf Tensor: parameter ${i}, of shape ${formatShape(p.shape)}, was made by ` +
            `${p.gradFn?.name}; pass the tensor that it was computed from, or detach it`,
        );
      }
      if (known.has(p))
        throw new ValueError(`${name}: some parameters appear in more than one parameter group`);
    }
    if (new Set(params).size !== params.length) {
      throw new ValueError(`${name}: optimizer contains a parameter group with duplicate parameters`);
    }
    const options = { ...this.defaults, ...withoutUndefined(group), params } as ParamGroup<O>;
    this.check(options);
    this.paramGroups.push(options);
  }

  /** Forgets the gradients: sets them to null, or to zeros. Follows `Optimizer.zero_grad`. */
  zeroGrad(options: { setToNull?: boolean } = {}): void {
    const setToNull = options.setToNull ?? true;
    for (const group of this.paramGroups) {
      for (const p of group.params) {
        if (p.grad === null) continue;
        if (setToNull) p.grad = null;
        else {
          if (p.grad.gradFn !== null) p.grad = p.grad.detach();
          const { grad } = p;
          noGrad(() => grad.zero_());
        }
      }
    }
  }

  /**
   * Updates every parameter that has a gradient. Follows `Optimizer.step`. `closure` computes the loss anew, with gradients recorded, before the
   * step; its result is returned.
   */
  step(): void;
  step(closure: () => Tensor): Tensor;
  step(closure?: () => Tensor): Tensor | undefined;
  step(closure?: () => Tensor): Tensor | undefined {
    for (const hook of this.#preHooks) hook(this);
    const loss = closure === undefined ? undefined : enableGrad(closure);
    noGrad(() => this.#updateAll());
    this.stepCount++;
    for (const hook of this.#postHooks) hook(this);
    return loss;
  }

  #updateAll(): void {
    for (const group of this.paramGroups) {
      const update = this.updateOf(group);
      for (const p of group.params) {
        const { grad } = p;
        if (grad === null) continue;
        let state = this.state.get(p);
        if (state === undefined) {
          state = {};
          this.state.set(p, state);
        }
        const numbers = this.numbers(group, state);
        // Of its final length from the start: growing an array by push takes room for 16 more.
        const tensors = new Array<Tensor>(update.state.length + 2);
        tensors[0] = p;
        for (const [i, name] of update.state.entries())
          tensors[i + 1] = (state[name] ??= zerosLike(p)) as Tensor;
        tensors[tensors.length - 1] = grad;
        update.kernel.run(tensors, numbers);
      }
    }
  }

  /** Calls `hook` before each step, until the handle is removed. Follows `Optimizer.register_step_pre_hook`. */
  registerStepPreHook(hook: StepHook): { remove(): void } {
    this.#preHooks.add(hook);
    return { remove: () => void this.#preHooks.delete(hook) };
  }

  /** Calls `hook` after each step, until the handle is removed. Follows `Optimizer.register_step_post_hook`. */
  registerStepPostHook(hook: StepHook): { remove(): void } {
    this.#postHooks.add(hook);
    return { remove: () => void this.#postHooks.delete(hook) };
  }

  /**
   * State and options, without the parameters themselves, in PyTorch's layout. The tensors are shared, not copied. Follows
   * `Optimizer.state_dict`.
   */
  stateDict(): OptimizerStateDict {
    const numbers = new Map<Tensor, number>();
    const param_groups = this.paramGroups.map(({ params, ...options }) => {
      const group: Record<string, OptionValue> = {};
      for (const [key, value] of Object.entries(options)) group[snakeCase(key)] = value as OptionValue;
      group.params = params.map((p) => {
        numbers.set(p, numbers.size);
        return numbers.size - 1;
      });
      return group;
    });
    const state: OptimizerStateDict['state'] = {};
    for (const [p, values] of this.state) {
      const entries = Object.entries(values).map(([key, value]) => [
        snakeCase(key),
        value instanceof Tensor ? value : Tensor.scalar(value, 'float32'),
      ]);
      if (entries.length > 0) state[numbers.get(p)!] = Object.fromEntries(entries);
    }
    return { state, param_groups };
  }

  /**
   * Takes over what {@link stateDict} gave, here or in PyTorch. Nothing is changed unless all of it fits. Follows
   * `Optimizer.load_state_dict`.
   * @throws ValueError where groups, their sizes, or the shapes of the state differ
   */
  loadStateDict(dict: OptimizerStateDict): void {
    const groups = dict.param_groups;
    if (groups.length !== this.paramGroups.length) {
      throw new ValueError(
        `loaded state dict has a different number of parameter groups: ${groups.length}, expected ${this.paramGroups.length}`,
      );
    }
    const byNumber = new Map<number, Tensor>();
    for (const [i, group] of groups.entries()) {
      const numbers = group.params as readonly number[];
      const { params } = this.paramGroups[i]!;
      if (numbers.length !== params.length) {
        throw new ValueError(
          `loaded state dict contains a parameter group that doesn't match the size of optimizer's group: group ${i} has ` +
            `${numbers.length} parameters, expected ${params.length}`,
        );
      }
      for (const [j, n] of numbers.entries()) byNumber.set(n, params[j]!);
    }
    const loaded = new Map<Tensor, ParamState>();
    for (const [number, values] of Object.entries(dict.state)) {
      const p = byNumber.get(Number(number));
      if (p === undefined)
        throw new ValueError(`loaded state dict has state for parameter ${number}, which no group names`);
      loaded.set(p, this.#readState(p, number, values));
    }
    for (const [i, { params: _, ...group }] of groups.entries()) {
      const options = Object.fromEntries(
        Object.entries(group).map(([key, value]) => [camelCase(key), value]),
      );
      Object.assign(this.paramGroups[i]!, options);
    }
    this.state.clear();
    for (const [p, values] of loaded) this.state.set(p, values);
  }

  #readState(p: Tensor, number: string, values: Record<string, Tensor | number>): ParamState {
    const state: ParamState = {};
    for (const [key, value] of Object.entries(values)) {
      if (typeof value === 'number') state[camelCase(key)] = value;
      else if (key === 'step') state.step = value.item();
      else if (value.count !== p.count) {
        throw new ValueError(
          `loaded state dict: ${key} of parameter ${number} has shape ${formatShape(value.shape)}, expected ${formatShape(p.shape)}`,
        );
      } else state[camelCase(key)] = value.detach().to(p.dtype).clone();
    }
    return state;
  }

  /** PyTorch's printed form: the class and the options of each group. */
  toString(): string {
    const lines = this.paramGroups.map(({ params: _, ...options }, i) => {
      const entries = Object.entries(options)
        .map(([key, value]) => `    ${snakeCase(key)}: ${printOption(value)}`)
        .sort();
      return `Parameter Group ${i}\n${entries.join('\n')}`;
    });
    return `${this.constructor.name} (\n${lines.join('\n\n')}\n)`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function printOption(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return Array.isArray(value) ? `(${value.join(', ')})` : String(value);
}

function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** @internal One update for each combination of features, made when first asked for. */
export function updatesByFeatures(
  make: (a: boolean, b: boolean, c: boolean) => Update,
): (a: boolean, b: boolean, c: boolean) => Update {
  const made: Update[] = [];
  return (a, b, c) => (made[Number(a) + 2 * Number(b) + 4 * Number(c)] ??= make(a, b, c));
}

/** @internal Checks that an option is a number of at least 0. */
export function checkNonNegative(owner: string, name: string, value: number): void {
  if (!(value >= 0)) throw new ValueError(`${owner}: invalid ${name}: ${value}; expected a number >= 0`);
}
