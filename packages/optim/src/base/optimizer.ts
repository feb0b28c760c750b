import {
  checkArguments,
  checkOnHost,
  compileLater,
  enableGrad,
  isTraced,
  K,
  noGrad,
  onHost,
  Shown,
  Tensor,
  withoutUndefined,
  zerosLike,
} from '@kindling/core';
import { evaluate } from './closure.ts';
import { dependsOnGroups, dependsOnParameters } from './dependencies.ts';
import {
  aGroup,
  checkParameters,
  formatGroups,
  type GivenGroup,
  groupKinds,
  groupsOf,
  type ParamGroup,
  type Params,
  parametersOf,
  requireExtensible,
  withOwnLists,
} from './groups.ts';
import { checkImplementation, isDifferentiable, requireDifferentiable } from './implementation.ts';
import { nonNegative, requireMethod, someKinds } from './kinds.ts';
import { LastOptions } from './last-options.ts';
import { atSteps, checkHeld, type Rate, takesTensors, withNumber } from './rate.ts';
import {
  type OptimizerStateDict,
  type ParamState,
  readState,
  readStateDict,
  writeStateDict,
} from './state-dict.ts';
import { dependsOnHooks, StepHooks } from './step-hooks.ts';
import { isWorthJoining, spareOfStep, stateNames, type Update, updateAtOnce } from './update.ts';

const noState: ParamState = Object.freeze({});

/** Called before or after each step. */
export type StepHook = (optimizer: Optimizer) => void;

const someDefaults = /* @__PURE__ */ K.kind('an object with the defaults of all options', K.isOptions);
const zeroGradOptions = /* @__PURE__ */ K.options<{ setToNone?: boolean }>({ setToNone: K.flag });

/**
 * The base of all optimizers: parameter groups, state, `zeroGrad`, `stateDict`. Follows `torch.optim.Optimizer`.
 *
 * An update has two parts, and a new optimizer is a class that states both: {@link numbers} runs in JavaScript and
 * gives the numbers of this step (learning rate, bias corrections) from group and state; {@link updateOf} names the
 * kernel that does the arithmetic. So a step can be replayed with other numbers and the same kernel. Each option is
 * checked when it is given and before each step: by its kind in `kinds`, or else by that of its default; what concerns
 * several options is up to {@link check}. Where an optimizer has an option `differentiable`, as PyTorch's have, the
 * steps of a group that says so are recorded, and its parameters may be results.
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
export abstract class Optimizer<O extends { lr: Rate } = any> extends Shown {
  /** The groups: parameters with their options, which may be changed at any time. */
  readonly paramGroups: ParamGroup<O>[] = [];
  /** What is remembered of each parameter. */
  readonly state = new Map<Tensor, ParamState>();
  /** The options of groups that state none of their own. */
  readonly defaults: O;
  #stepCount = 0;
  readonly #kinds: Readonly<Record<string, K.Kind>>;
  readonly #checked: LastOptions;
  readonly #preHooks = new StepHooks<Optimizer>();
  readonly #postHooks = new StepHooks<Optimizer>();

  constructor(params: Params<O>, defaults: O, kinds?: Readonly<Record<string, K.Kind>>) {
    const { name } = new.target;
    checkArguments(name, { params: K.anything, defaults: someDefaults, kinds: someKinds }, arguments);
    super();
    this.defaults = withOwnLists(defaults);
    this.#kinds = kinds ?? K.allLike(defaults, K.finite);
    this.#checked = new LastOptions(atSteps(this.#kinds));
    for (const group of groupsOf(name, params)) this.#add(name, group);
  }

  /** Checks options against each other; called for each group, before each step too. */
  protected check(_group: ParamGroup<O>): void {}

  /** Called for each group that was added: makes the state that is there before the first step, if there is any. */
  protected begin(_group: ParamGroup<O>): void {}

  /**
   * The kernel for the options of a group, and the state that it changes. The same object for the same choice of
   * features.
   */
  protected abstract updateOf(group: ParamGroup<O>): Update;

  /**
   * The numbers of the step of `p`, in the kernel's order. `state` is empty at the first; counts in it are kept here.
   */
  protected abstract numbers(group: ParamGroup<O>, state: ParamState, p: Tensor): readonly number[];

  /**
   * A tensor of the state of `p`, by its name, as it is before the first step: zeros of its shape, unless an optimizer
   * says otherwise. State that is loaded has to have that shape.
   */
  protected firstState(p: Tensor, _name: string, _group: ParamGroup<O>): Tensor {
    return zerosLike(p);
  }

  /** What a state dict says of `p`: the tensors and counts that the update of its group names. */
  protected readState(
    what: string,
    p: Tensor,
    group: ParamGroup<O>,
    values: Readonly<Record<string, unknown>>,
  ): ParamState {
    return readState(what, values, p, this.updateOf(group), (name) => this.#firstOf(p, name, group));
  }

  /** A value of the state as PyTorch's state dicts hold it: counts are tensors there. */
  protected writtenState(value: ParamState[string]): ParamState[string] {
    return typeof value === 'number' ? Tensor.scalar(value, 'float32') : value;
  }

  /** Called once for each group in each step, before {@link numbers}: what a group counts goes on here. */
  protected advance(_group: ParamGroup<O>): void {}

  /** How often {@link step} ran; schedulers look at it. */
  get stepCount(): number {
    return this.#stepCount;
  }

  set stepCount(count: number) {
    this.#stepCount = count;
  }

  /** Vue makes no Proxy of it in its reactive state: see that of Tensor. @internal */
  get __v_skip(): true {
    return true;
  }

  /**
   * Adds a group of parameters, with options of its own. Follows `Optimizer.add_param_group`.
   * @throws ValueError for parameters that belong to a group already, for unknown options and values that cannot be;
   * DTypeError for what is no tensor; AutogradError for a tensor that is no leaf, where steps are not to be
   * `differentiable`
   */
  addParamGroup(group: GivenGroup<O>): void {
    this.#add(`${this.constructor.name}.addParamGroup`, group);
  }

  #add(caller: string, group: unknown): void {
    checkArguments(caller, { group: aGroup }, [group]);
    requireExtensible(caller, [this.paramGroups]);
    const { params: given, ...own } = group as GivenGroup<O>;
    const members = parametersOf(caller, given);
    checkArguments(caller, { options: K.options(groupKinds(this.#kinds)) }, [own]);
    // In the order of PyTorch's keys: what the group states itself comes first.
    const { params, ...names } = members;
    const stated = { params, ...withoutUndefined(own), ...names };
    const options = withOwnLists({ ...stated, ...this.defaults, ...stated }) as unknown as ParamGroup<O>;
    checkParameters(caller, members, this.paramGroups, isDifferentiable(options));
    checkHeld(caller, options, nonNegative);
    this.#checkOptions(options, caller);
    this.paramGroups.push(options);
    this.begin(options);
  }

  /**
   * Checks the options of a group, at each step and where a `caller` gives them. A learning rate below zero is refused
   * where it is given; schedules may lead there, as in PyTorch.
   */
  #checkOptions(options: ParamGroup<O>, caller?: string): void {
    const changed = caller === undefined ? this.#checked.changed(options) : null;
    if (changed === null || changed.length > 0) {
      const asked = caller ?? `${this.constructor.name}.step`;
      this.#checked.check(asked, options, changed);
      checkHeld(asked, options, K.finite);
      checkImplementation(caller ?? this.constructor.name, options as Record<string, unknown>);
      if (caller === undefined) this.#checked.remember(options, changed);
    }
    this.check(options);
  }

  /**
   * Forgets the gradients: sets them to null, or to zeros. Follows `Optimizer.zero_grad`.
   * @throws ValueError for an option that it does not know
   */
  zeroGrad(options?: { setToNone?: boolean }): void {
    if (options !== undefined)
      checkArguments(`${this.constructor.name}.zeroGrad`, { options: zeroGradOptions }, arguments);
    const setToNone = options?.setToNone ?? true;
    if (isTraced()) dependsOnParameters(this);
    for (const group of this.paramGroups)
      for (const p of group.params) {
        // Not to ask whether there is one leaves a compiled step one program.
        if (setToNone) p.grad = null;
        else if (p.grad !== null) {
          if (p.grad.gradFn !== null) p.grad = p.grad.detach();
          const { grad } = p;
          noGrad(() => grad.zero_());
        }
      }
  }

  /**
   * Updates every parameter that has a gradient. Follows `Optimizer.step`. `closure` computes the loss anew, with
   * gradients recorded, before the step; its result is returned.
   * @throws ValueError for options that cannot be, as a learning rate of NaN, for a closure or hook that is
   * asynchronous, and for a leaf in a group that is `differentiable`; CompileError for such a group inside of a
   * compiled function
   */
  step(): void;
  step(closure: () => Tensor): Tensor;
  step(closure?: () => Tensor): Tensor | undefined;
  step(closure?: () => Tensor): Tensor | undefined {
    if (isTraced()) dependsOnHooks(this, [this.#preHooks, this.#postHooks]);
    this.#preHooks.run(this);
    const loss = this.perform(closure);
    onHost(() => void this.#stepCount++);
    this.#postHooks.run(this);
    return loss;
  }

  /** A step between its hooks: the closure, then an update of each parameter. Returns what the closure gave. */
  protected perform(closure: (() => Tensor) | undefined): Tensor | undefined {
    const loss = closure === undefined ? undefined : evaluate(`${this.constructor.name}.step`, closure);
    this.#updateAll();
    return loss;
  }

  #updateAll(): void {
    if (isTraced()) {
      checkOnHost(`the options of ${this.constructor.name}`, () => this.checkGroups());
      for (const { params } of this.paramGroups)
        for (const p of params) if (p.grad !== null) this.#stateOf(p);
      dependsOnGroups(this, (group) => this.updateOf(group));
    } else this.checkGroups();
    for (const group of this.paramGroups)
      if (isDifferentiable(group)) requireDifferentiable(`${this.constructor.name}.step`, group.params);
    for (const group of this.paramGroups)
      (isDifferentiable(group) ? enableGrad : noGrad)(() => this.#updateGroup(group));
  }

  #updateGroup(group: ParamGroup<O>): void {
    const update = this.updateOf(group);
    if (isTraced() || isWorthJoining(update, group.params)) this.#updateAtOnce(group, update);
    else withNumber(group, (g) => this.#updateInTurn(g, update));
  }

  #updateInTurn(group: ParamGroup<O>, update: Update): void {
    this.advance(group);
    const spare = spareOfStep();
    for (const p of group.params) {
      if (p.grad === null) continue;
      const state = this.#stateOf(p);
      const numbers = this.numbers(group, state, p);
      update.kernel.run(this.#operandsOf(p, state, group, update), numbers, spare);
    }
  }

  /**
   * The same, with the numbers of all parameters before the first is changed: the host is asked once, and those alike
   * are updated together.
   */
  #updateAtOnce(group: ParamGroup<O>, update: Update): void {
    const params = group.params.filter((p) => p.grad !== null);
    updateAtOnce(update, params, {
      // What the host runs in each call of a program makes no functions. States are looked up, as loading a state dict
      // replaces them.
      stateOf: (p) => this.#stateOf(p),
      stateNow: (p) => this.state.get(p) ?? noState,
      numbersOf: (state, p) => this.numbers(group, state, p),
      operandsOf: (p) => this.#operandsOf(p, this.#stateOf(p), group, update),
      onHost: (make) => {
        const advanced = (): ReturnType<typeof make> => {
          this.advance(group);
          return make();
        };
        return onHost(() => withNumber(group, advanced));
      },
    });
  }

  /** The parameter, its state and its gradient, as the kernel of its update takes them. */
  #operandsOf(p: Tensor, state: ParamState, group: ParamGroup<O>, update: Update): Tensor[] {
    const names = stateNames(update, p);
    // Of its final length from the start: growing an array by push takes room for 16 more.
    const tensors = new Array<Tensor>(names.length + 2);
    tensors[0] = p;
    for (let i = 0; i < names.length; i++) tensors[i + 1] = this.#tensorOf(state, names[i]!, p, group);
    tensors[tensors.length - 1] = p.grad as Tensor;
    return tensors;
  }

  /** Checks the options of all groups, which may have been changed since. */
  protected checkGroups(): void {
    requireMethod(this, 'updateOf');
    for (const group of this.paramGroups) this.#checkOptions(group);
  }

  #stateOf(p: Tensor): ParamState {
    let state = this.state.get(p);
    if (state === undefined) {
      state = {};
      this.state.set(p, state);
    }
    return state;
  }

  #firstOf(p: Tensor, name: string, group: ParamGroup<O>): Tensor {
    return withNumber(group, (g) => this.firstState(p, name, g));
  }

  #tensorOf(state: ParamState, name: string, p: Tensor, group: ParamGroup<O>): Tensor {
    const known = state[name];
    if (known instanceof Tensor) return known;
    const make = (): Tensor => this.#firstOf(p, name, group);
    const first = compileLater('the state of an optimizer comes into being', make);
    state[name] = first;
    return first;
  }

  /** Calls `hook` before each step, until the handle is removed. Follows `Optimizer.register_step_pre_hook`. */
  registerStepPreHook(hook: StepHook): { remove(): void } {
    return this.#preHooks.add(`${this.constructor.name}.registerStepPreHook`, hook);
  }

  /** Calls `hook` after each step, until the handle is removed. Follows `Optimizer.register_step_post_hook`. */
  registerStepPostHook(hook: StepHook): { remove(): void } {
    return this.#postHooks.add(`${this.constructor.name}.registerStepPostHook`, hook);
  }

  /**
   * State and options, without the parameters themselves, in PyTorch's layout. The tensors are shared, not copied.
   * Follows `Optimizer.state_dict`.
   */
  stateDict(): OptimizerStateDict {
    return writeStateDict(this, (value) => this.writtenState(value));
  }

  /** What `JSON.stringify` writes: the {@link stateDict}, which `loadStateDict` takes. Kindling's own. */
  toJSON(): OptimizerStateDict {
    return this.stateDict();
  }

  /**
   * Takes over what {@link stateDict} gave, here or in PyTorch, also by way of JSON. Nothing is changed unless all of
   * it fits. A rate that is a tensor there is a new one here, as are betas, and `capturable` becomes false. Follows
   * `Optimizer.load_state_dict`.
   * @throws ValueError, ShapeError where groups, their sizes, their options or the state do not fit
   */
  loadStateDict(dict: OptimizerStateDict): void {
    const caller = `${this.constructor.name}.loadStateDict`;
    const { groups, state } = readStateDict(caller, this, dict, {
      check: (group) => this.#checkOptions(group as ParamGroup<O>, caller),
      takesTensors: (name) => takesTensors(this.#kinds[name]),
      readState: (what, p, group, values) => this.readState(what, p, group as ParamGroup<O>, values),
    });
    requireExtensible(caller, this.paramGroups);
    for (const [i, group] of groups.entries()) {
      const own = this.paramGroups[i] as Record<string, unknown>;
      for (const key of Object.keys(own)) if (!(key in group) && key !== 'paramNames') delete own[key];
      Object.assign(own, group);
    }
    this.state.clear();
    for (const [p, values] of state) this.state.set(p, values);
  }

  /** PyTorch's printed form: the class and the options of each group. */
  override toString(): string {
    return `${this.constructor.name} (\n${formatGroups(this.paramGroups)}\n)`;
  }
}
