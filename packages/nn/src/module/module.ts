import { type DType, isFloatingPoint, KindlingError, Tensor } from '@kindling/core';
import { type AnyModule, Callable, internalsOf, isModule } from './callable.ts';
import {
  addHook,
  type ForwardHook,
  type ForwardPreHook,
  type FullBackwardHook,
  type HookOptions,
  type ModuleHooks,
  type RemovableHandle,
} from './hooks.ts';
import { Parameter } from './parameter.ts';
import { formatModule } from './print.ts';
import {
  type NamedOptions,
  parametersOf,
  partsOf,
  type StateNames,
  walkMembers,
  walkModules,
} from './registry.ts';
import { retype } from './retype.ts';
import {
  collectState,
  type IncompatibleKeys,
  type LoadStateDictOptions,
  restoreState,
  type StateDict,
  type StateDictLike,
  type StateDictOptions,
} from './state-dict.ts';

/** Whether to include what submodules hold. */
interface RecurseOptions {
  /** Default: true. */
  readonly recurse?: boolean;
}

/**
 * The base of all layers, losses and models. `I` are the types of the arguments of a call, `O` that of its result.
 *
 * A subclass assigns parameters and submodules to properties, which registers them, and overrides `forward`. The module
 * itself is called, never `forward`: calling runs the hooks too. Follows `torch.nn.Module`.
 *
 * Names in `stateDict()` are the properties' own, as they are written. A class whose properties are called differently
 * in PyTorch says so in {@link Module.stateNames}; the library's layers do, so that their keys are PyTorch's byte for byte.
 *
 * @example
 * ```ts
 * class Net extends nn.Module<[Tensor], Tensor> {
 *   hidden = new nn.Linear(2, 8);
 *   out = new nn.Linear(8, 1);
 *   override forward(x: Tensor) {
 *     return this.out(this.hidden(x).tanh());
 *   }
 * }
 * const model = new Net();
 * const y = model(randn([4, 2]));
 * model.namedParameters().map(([name]) => name); // hidden.weight, hidden.bias, out.weight, out.bias
 * ```
 */
export class Module<I extends unknown[] = [Tensor], O = Tensor> extends Callable {
  /**
   * PyTorch's names of properties that are called otherwise here: `{ runningMean: 'running_mean' }`. Subclasses inherit
   * it; one that adds names spreads those of its parent: `{ ...nn.BatchNorm1d.stateNames, fcOne: 'fc_one' }`.
   */
  static readonly stateNames: StateNames = {};

  /** Whether the module is in training mode, which `train()` and `eval()` set: Dropout and BatchNorm behave differently. */
  training = true;

  /** What a call computes. Override it; call the module instead. */
  forward(..._input: I): O {
    throw new KindlingError(`Module [${this.constructor.name}] is missing the required "forward" function`);
  }

  /** What stands between the parentheses when the module is printed; by default nothing. */
  extraRepr(): string {
    return '';
  }

  /** Whether a state dict may lack the parameter or buffer of this name; for what older checkpoints did not have. */
  toleratesMissing(_name: string): boolean {
    return false;
  }

  // ---- Registering ----

  /**
   * Makes a tensor part of the module's state that is not learned: a running mean, say. It is found by `buffers()`,
   * converted by `to()` and, if `persistent`, saved in the state dict. Returns it, to initialise a field:
   * `total = this.registerBuffer('total', zeros([3]))`. Follows `torch.nn.Module.register_buffer`.
   */
  registerBuffer<T extends Tensor | null>(
    name: string,
    tensor: T,
    options: { readonly persistent?: boolean } = {},
  ): T {
    const { persistent = true } = options;
    const { buffers } = internalsOf(this);
    checkName(this, 'buffer', name, buffers.has(name));
    if (tensor !== null && !(tensor instanceof Tensor)) {
      throw new KindlingError(
        `cannot assign '${typeof tensor}' object to buffer '${name}' (Tensor or null required)`,
      );
    }
    buffers.set(name, { persistent });
    setProperty(this, name, tensor);
    return tensor;
  }

  /** The same as assigning a parameter to a property, for names known only at run time; `null` for one left out. */
  registerParameter<P extends Parameter | null>(name: string, parameter: P): P {
    checkName(this, 'parameter', name, valueOf(this, name) instanceof Parameter);
    if (parameter !== null && !(parameter instanceof Parameter)) {
      throw new KindlingError(
        `cannot assign '${describe(parameter)}' object to parameter '${name}' (nn.Parameter or null required)`,
      );
    }
    setProperty(this, name, parameter);
    return parameter;
  }

  /** The same as assigning a submodule to a property, for names known only at run time. */
  registerModule<M extends AnyModule | null>(name: string, module: M): M {
    if (module !== null && !isModule(module))
      throw new KindlingError(`${describe(module)} is not a Module subclass`);
    checkName(this, 'module', name, isModule(valueOf(this, name)));
    setProperty(this, name, module);
    return module;
  }

  /** {@link registerModule} by PyTorch's other name. */
  addModule<M extends AnyModule | null>(name: string, module: M): M {
    return this.registerModule(name, module);
  }

  // ---- Looking ----

  /** The parameters, each once: those of the module itself, then those of its submodules. */
  parameters(options: RecurseOptions = {}): Parameter[] {
    return parametersOf(this, options.recurse ?? true);
  }

  /** The parameters with their dotted names, which are also their keys in the state dict. */
  namedParameters(options: NamedOptions = {}): [string, Parameter][] {
    return walkMembers(this, 'parameters', options);
  }

  /** The buffers, each once. */
  buffers(options: RecurseOptions = {}): Tensor[] {
    return this.namedBuffers(options).map(([, buffer]) => buffer);
  }

  /** The buffers with their dotted names. */
  namedBuffers(options: NamedOptions = {}): [string, Tensor][] {
    return walkMembers(this, 'buffers', options);
  }

  /** The direct submodules, each once. */
  children(): AnyModule[] {
    return this.namedChildren().map(([, child]) => child);
  }

  /** The direct submodules, each once, with their names. */
  namedChildren(): [string, AnyModule][] {
    const seen = new Set<AnyModule>();
    return partsOf(this).children.filter(([, child]) => !seen.has(child) && seen.add(child));
  }

  /** The module itself and all below it, each once, parents first. */
  modules(): AnyModule[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** The module itself, under the name '', and all below it with their dotted names. */
  namedModules(
    options: { readonly prefix?: string; readonly removeDuplicate?: boolean } = {},
  ): [string, AnyModule][] {
    return walkModules(this, options.prefix ?? '', options.removeDuplicate ?? true);
  }

  /** The submodule of this dotted name; `''` is the module itself. Throws where there is none. */
  getSubmodule(target: string): AnyModule {
    let module: AnyModule = this;
    if (target === '') return module;
    for (const name of target.split('.')) {
      const child = partsOf(module).children.find(([key]) => key === name)?.[1];
      if (child === undefined) throw absent(module, name, 'Module');
      module = child;
    }
    return module;
  }

  /** The parameter of this dotted name. Throws where there is none. */
  getParameter(target: string): Parameter {
    return member(this, target, 'parameters', 'Parameter');
  }

  /** The buffer of this dotted name. Throws where there is none. */
  getBuffer(target: string): Tensor {
    return member(this, target, 'buffers', 'buffer');
  }

  // ---- Changing ----

  /** Sets training mode here and in all submodules. */
  train(mode = true): this {
    this.training = mode;
    for (const child of this.children()) child.train(mode);
    return this;
  }

  /** Leaves training mode: `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** Sets whether the parameters require gradients: `false` freezes the module. */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = requiresGrad;
    return this;
  }

  /** Drops the gradients of all parameters; with `setToNull: false` they become zeros instead. */
  zeroGrad(options: { readonly setToNull?: boolean } = {}): void {
    const { setToNull = true } = options;
    for (const parameter of this.parameters()) {
      if (parameter.grad === null) continue;
      parameter.grad = setToNull ? null : parameter.grad.detach().zero_();
    }
  }

  /** Calls `fn` with every submodule, children before parents, then with the module itself: to initialise, say. */
  apply(fn: (module: AnyModule) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /**
   * Converts the floating parameters and buffers to `dtype`, in place: they stay the same objects, so that an optimizer
   * made before goes on working. Integer buffers stay as they are. Follows `torch.nn.Module.to`.
   */
  to(dtype: DType): this {
    if (!isFloatingPoint(dtype)) {
      throw new KindlingError(
        `nn.Module.to only accepts floating point dtypes, but got desired dtype=${dtype}`,
      );
    }
    for (const x of [...this.parameters(), ...this.buffers()]) if (isFloatingPoint(x.dtype)) retype(x, dtype);
    return this;
  }

  /** `to('float32')`. */
  float(): this {
    return this.to('float32');
  }

  /** `to('float64')`. */
  double(): this {
    return this.to('float64');
  }

  // ---- State ----

  /**
   * The parameters and persistent buffers by name, detached and sharing memory with the module: PyTorch's keys in
   * PyTorch's order. Follows `torch.nn.Module.state_dict`.
   */
  stateDict(options: StateDictOptions = {}): StateDict {
    const state: StateDict = {};
    collectState(this, state, options.prefix ?? '', options.keepVars ?? false);
    return state;
  }

  /**
   * Copies a state dict into the parameters and buffers, converting dtypes. Where keys are missing or unexpected (and
   * `strict` is not false), or sizes differ, it throws PyTorch's report of all of them and changes nothing.
   * Follows `torch.nn.Module.load_state_dict`.
   */
  loadStateDict(state: StateDictLike, options: LoadStateDictOptions = {}): IncompatibleKeys {
    return restoreState(this, state, options.strict ?? true);
  }

  // ---- Hooks ----

  /** Calls `hook` before each forward; what it returns takes the place of the arguments (one value, or an array of them). */
  registerForwardPreHook(hook: ForwardPreHook<this, I>, options?: HookOptions): RemovableHandle {
    return addHook(hooksOf(this).pre, hook as unknown as ModuleHooks['pre'][number], options);
  }

  /** Calls `hook` after each forward; what it returns, unless undefined, takes the place of the output. */
  registerForwardHook(hook: ForwardHook<this, I, O>, options?: HookOptions): RemovableHandle {
    return addHook(hooksOf(this).forward, hook as unknown as ModuleHooks['forward'][number], options);
  }

  /**
   * Calls `hook` in backward, once the gradients of the inputs are known, with those and the gradients of the outputs
   * (`null` for tensors that want none); what it returns, unless undefined, takes the place of the inputs' gradients.
   * Follows `torch.nn.Module.register_full_backward_hook`.
   */
  registerFullBackwardHook(hook: FullBackwardHook<this>, options?: HookOptions): RemovableHandle {
    return addHook(hooksOf(this).backward, hook as unknown as ModuleHooks['backward'][number], options);
  }

  // ---- Printing ----

  /** PyTorch's printed form. */
  override toString(): string {
    return formatModule(this);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

type Call<I extends unknown[], O> = (...input: I) => O;

// An instance can be called: the constructor returns a function with the class's prototype
export interface Module<I extends unknown[] = [Tensor], O = Tensor> extends Call<I, O> {}

function hooksOf(module: AnyModule): ModuleHooks {
  const own = internalsOf(module);
  own.hooks ??= { pre: [], forward: [], backward: [] };
  return own.hooks;
}

const valueOf = (module: AnyModule, name: string): unknown =>
  (module as unknown as Record<string, unknown>)[name];

/** Defines rather than assigns, as a class field does, so that no name is special. */
function setProperty(module: AnyModule, name: string, value: unknown): void {
  Object.defineProperty(module, name, { value, writable: true, enumerable: true, configurable: true });
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? value.constructor.name : typeof value;
}

function checkName(module: AnyModule, kind: string, name: string, replaces: boolean): void {
  if (typeof name !== 'string')
    throw new KindlingError(`${kind} name should be a string. Got ${typeof name}`);
  if (name.includes('.')) throw new KindlingError(`${kind} name can't contain ".", got: ${name}`);
  if (name === '') throw new KindlingError(`${kind} name can't be empty string ""`);
  if (name in module && !replaces && valueOf(module, name) != null) {
    throw new KindlingError(`attribute '${name}' already exists`);
  }
}

function absent(module: AnyModule, name: string, kind: string): KindlingError {
  const owner = module.constructor.name;
  return valueOf(module, name) === undefined
    ? new KindlingError(`${owner} has no attribute \`${name}\``)
    : new KindlingError(`\`${name}\` of ${owner} is not an nn.${kind}`);
}

function member<K extends 'parameters' | 'buffers'>(
  module: AnyModule,
  target: string,
  kind: K,
  word: string,
) {
  const dot = target.lastIndexOf('.');
  const owner = module.getSubmodule(dot < 0 ? '' : target.slice(0, dot));
  const name = target.slice(dot + 1);
  const found = partsOf(owner)[kind].find(([key]) => key === name)?.[1];
  if (found === undefined) throw absent(owner, name, word);
  return found as K extends 'parameters' ? Parameter : Tensor;
}
