import {
  checkArguments,
  type DType,
  isFloatingPoint,
  KindlingError,
  Tensor,
  ValueError,
} from '@kindling/core';
import { given, submodule } from './arguments.ts';
import { type AnyModule, internalsOf, isModule } from './callable.ts';
import {
  absent,
  cannotAssign,
  checkName,
  member,
  noModule,
  register,
  setTraining,
  valueOf,
} from './members.ts';
import { isParameter, type Parameter } from './parameter.ts';
import { formatModule } from './print.ts';
import {
  goingDown,
  type NamedOptions,
  parametersOf,
  partsOf,
  propertyOf,
  type StateNames,
  walkMembers,
  walkModules,
} from './registry.ts';
import { retype } from './retype.ts';
import { Stateful } from './stateful.ts';

type RecurseOptions = Pick<NamedOptions, 'recurse'>;

/**
 * The base of all layers, losses and models. `I` are the types of the arguments of a call, `O` that of its result.
 *
 * A subclass assigns parameters and submodules to properties, which registers them, and overrides `forward`. The module
 * itself is called, never `forward`: calling runs the hooks too. Follows `torch.nn.Module`.
 *
 * Names in `stateDict()` are the properties' own, as they are written. A class whose properties are called differently
 * in PyTorch says so in {@link Module.stateNames}; the library's layers do, so that their keys are PyTorch's byte for
 * byte.
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
 * model(randn([4, 2])).shape; // [ 4, 1 ]
 * model.namedParameters().map(([name]) => name); // [ 'hidden.weight', 'hidden.bias', 'out.weight', 'out.bias' ]
 * ```
 */
export class Module<I extends unknown[] = [Tensor], O = Tensor> extends Stateful<I, O> {
  /**
   * PyTorch's names of properties that are called otherwise here: `{ runningMean: 'running_mean' }`. Subclasses inherit
   * it; one that adds names spreads those of its parent: `{ ...nn.BatchNorm1d.stateNames, fcOne: 'fc_one' }`.
   */
  static readonly stateNames: StateNames = {};

  /**
   * Whether the module is in training mode, which `train()` and `eval()` set: Dropout and BatchNorm behave differently.
   */
  training = true;

  /**
   * What a call computes. Override it; call the module instead. Follows `torch.nn.Module.forward`.
   * @throws KindlingError when the class does not override it.
   */
  forward(..._input: I): O {
    throw new KindlingError(`Module [${this.constructor.name}] is missing the required "forward" function`);
  }

  /** What stands between the parentheses when the module is printed; by default nothing. Follows `extra_repr`. */
  extraRepr(): string {
    return '';
  }

  // ---- Registering ----

  /**
   * Makes a tensor part of the module's state that is not learned: a running mean, say. It is found by `buffers()`,
   * converted by `to()` and, if `persistent`, saved in the state dict. Returns it, to initialise a field:
   * `total = this.registerBuffer('total', zeros([3]))`. Follows `torch.nn.Module.register_buffer`.
   * @throws KindlingError when the name is empty, has a dot or is taken, or it is no tensor.
   * @example
   * ```ts
   * class Counter extends nn.Module<[Tensor], Tensor> {
   *   seen = this.registerBuffer('seen', zeros([]));
   *   override forward(x: Tensor) {
   *     this.seen.add_(1);
   *     return x;
   *   }
   * }
   * const counter = new Counter();
   * counter(ones([2]));
   * counter.stateDict(); // { seen: tensor(1.) }
   * ```
   */
  registerBuffer<T extends Tensor | null>(
    name: string,
    tensor: T,
    options: { readonly persistent?: boolean } = {},
  ): T {
    const { persistent = true } = given(this, 'registerBuffer', options);
    const { buffers } = internalsOf(this);
    checkName(this, 'buffer', name, buffers.has(name));
    if (tensor !== null && !Tensor.is(tensor)) {
      throw cannotAssign(this, 'buffer', name, tensor, 'Tensor');
    }
    buffers.set(name, { persistent });
    register(this, name, tensor);
    return tensor;
  }

  /**
   * The same as assigning a parameter to a property, for names known only at run time; `null` for one left out.
   * @throws KindlingError when the name is empty, has a dot or is taken, or it is no parameter.
   */
  registerParameter<P extends Parameter | null>(name: string, parameter: P): P {
    checkName(this, 'parameter', name, typeof name === 'string' && isParameter(valueOf(this, name)));
    if (parameter !== null && !isParameter(parameter)) {
      throw cannotAssign(this, 'parameter', name, parameter, 'nn.Parameter');
    }
    register(this, name, parameter);
    return parameter;
  }

  /**
   * The same as assigning a submodule to a property, for names known only at run time.
   * @throws KindlingError when the name is empty, has a dot or is taken, or it is no module.
   */
  registerModule<M extends AnyModule | null>(name: string, module: M): M {
    if (module !== null && !isModule(module)) throw noModule(this, module);
    checkName(this, 'module', name, typeof name === 'string' && isModule(valueOf(this, name)));
    register(this, name, module);
    return module;
  }

  /** {@link registerModule} by PyTorch's other name. */
  addModule<M extends AnyModule | null>(name: string, module: M): M {
    return this.registerModule(name, module);
  }

  // ---- Looking ----

  /**
   * The parameters, each once: those of the module itself, then those of its submodules. What optimizers take. Follows
   * `torch.nn.Module.parameters`.
   * @example new nn.Linear(3, 2).parameters().map((p) => p.shape); // [ [ 2, 3 ], [ 2 ] ]
   */
  parameters(options: RecurseOptions = {}): Parameter[] {
    return parametersOf(this, given(this, 'parameters', options).recurse ?? true);
  }

  /** The parameters with their dotted names, which are also their keys in the state dict. */
  namedParameters(options: NamedOptions = {}): [string, Parameter][] {
    return walkMembers(this, 'parameters', given(this, 'namedParameters', options));
  }

  /** The buffers, each once. */
  buffers(options: RecurseOptions = {}): Tensor[] {
    return this.namedBuffers(given(this, 'buffers', options)).map(([, buffer]) => buffer);
  }

  /** The buffers with their dotted names. */
  namedBuffers(options: NamedOptions = {}): [string, Tensor][] {
    return walkMembers(this, 'buffers', given(this, 'namedBuffers', options));
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

  /** The module itself and all below it, each once unless `removeDuplicate` is false, parents first. */
  modules(options: Pick<NamedOptions, 'removeDuplicate'> = {}): AnyModule[] {
    return this.namedModules(given(this, 'modules', options)).map(([, module]) => module);
  }

  /** The module itself, under the name '', and all below it with their dotted names. */
  namedModules(options: Omit<NamedOptions, 'recurse'> = {}): [string, AnyModule][] {
    const { prefix = '', removeDuplicate = true } = given(this, 'namedModules', options);
    return walkModules(this, prefix, removeDuplicate);
  }

  /**
   * The submodule of this dotted name; `''` is the module itself.
   * @throws KindlingError when there is none.
   */
  getSubmodule(target: string): AnyModule {
    let module: AnyModule = this;
    if (given(this, 'getSubmodule', target) === '') return module;
    for (const name of target.split('.')) {
      const child = partsOf(module).children.find(([key]) => key === name)?.[1];
      if (child === undefined) throw absent(module, name, 'Module');
      module = child;
    }
    return module;
  }

  /**
   * Puts a module in the place of the one of this dotted name, or, where its parent has none, adds it; with
   * `{ strict: true }` there has to be one. Follows `torch.nn.Module.set_submodule`.
   * @throws ValueError for an empty name; KindlingError where the parent is not there, or the name is that of something
   *   else.
   * @example
   * ```ts
   * const model = new nn.Sequential(new nn.Linear(2, 8), new nn.ReLU());
   * model.setSubmodule('1', new nn.Tanh());
   * String(model[1]); // 'Tanh()'
   * ```
   */
  setSubmodule(target: string, module: AnyModule, options: { readonly strict?: boolean } = {}): void {
    checkArguments(`${this.constructor.name}.setSubmodule`, submodule, arguments);
    if (target === '') {
      throw new ValueError(
        `${this.constructor.name}.setSubmodule: Cannot set the submodule without a target name!`,
      );
    }
    const dot = target.lastIndexOf('.');
    const parent = dot < 0 ? this : this.getSubmodule(target.slice(0, dot));
    const name = target.slice(dot + 1);
    const there = partsOf(parent).children.some(([key]) => key === name);
    const property = propertyOf(parent, name);
    if (!there && (options.strict === true || valueOf(parent, property) !== undefined))
      throw absent(parent, property, 'Module');
    parent.registerModule(property, module);
  }

  /**
   * The parameter of this dotted name.
   * @throws KindlingError when there is none.
   */
  getParameter(target: string): Parameter {
    return member(this, given(this, 'getParameter', target), 'parameters', 'Parameter');
  }

  /**
   * The buffer of this dotted name.
   * @throws KindlingError when there is none.
   */
  getBuffer(target: string): Tensor {
    return member(this, given(this, 'getBuffer', target), 'buffers', 'buffer');
  }

  // ---- Changing ----

  /** Sets training mode here and in all submodules. Follows `torch.nn.Module.train`. */
  train(mode = true): this {
    setTraining(this, given(this, 'train', mode));
    goingDown(this, 'train', () => this.children().map((child) => child.train(mode)));
    return this;
  }

  /**
   * Leaves training mode: `train(false)`. Follows `torch.nn.Module.eval`.
   * @example
   * ```ts
   * const model = new nn.Sequential(new nn.Dropout()).eval();
   * model(ones([3])); // tensor([1., 1., 1.])
   * ```
   */
  eval(): this {
    return this.train(false);
  }

  /** Sets whether the parameters require gradients: `false` freezes the module. */
  requiresGrad_(requiresGrad = true): this {
    given(this, 'requiresGrad_', requiresGrad);
    for (const parameter of this.parameters()) parameter.requiresGrad = requiresGrad;
    return this;
  }

  /** Drops the gradients of all parameters; with `setToNone: false` they become zeros instead. */
  zeroGrad(options: { readonly setToNone?: boolean } = {}): void {
    const { setToNone = true } = given(this, 'zeroGrad', options);
    for (const parameter of this.parameters()) {
      if (setToNone) parameter.grad = null;
      else if (parameter.grad !== null) parameter.grad = parameter.grad.detach().zero_();
    }
  }

  /** Calls `fn` with every submodule, children before parents, then with the module itself: to initialise, say. */
  apply(fn: { of(module: AnyModule): void }['of']): this {
    given(this, 'apply', fn);
    goingDown(this, 'apply', () => this.children().map((child) => child.apply(fn)));
    fn(this);
    return this;
  }

  /**
   * Converts the floating parameters and buffers to `dtype`, in place: they stay the same objects, so that an optimizer
   * made before goes on working. Integer buffers stay as they are. Follows `torch.nn.Module.to`.
   * @throws KindlingError when the dtype is not floating.
   */
  to(dtype: DType): this {
    if (!isFloatingPoint(given(this, 'to', dtype))) {
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
