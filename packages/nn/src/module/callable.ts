import {
  assumes,
  assumesHeld,
  assumesSame,
  assumesValues,
  calledAs,
  isTraced,
  K,
  nameForCompile,
  noteChange,
  Tensor,
  tellsOnce,
  traceNumber,
} from '@kindling/core';
import { refuseExcessInput } from './excess-input.ts';
import { type ModuleHooks, runWithHooks } from './hooks/index.ts';
import type { Module } from './module.ts';
import { Parameter } from './parameter.ts';

/** Any module, whatever it takes and gives. */
export type AnyModule = Module<never, unknown>;

/** What a module keeps outside its properties. */
interface Internals {
  /** Who asked then what a call depends on, if it was made in such a call. */
  readonly born: number;
  hooks: ModuleHooks | null;
  /** The properties that `registerBuffer` named, and whether they are saved. */
  readonly buffers: Map<string, { readonly persistent: boolean }>;
  /** What a container holds by names that properties cannot have. */
  readonly held: Map<string, unknown>;
  /**
   * The properties that were registered, in that order, where it is another than theirs: JavaScript has those first
   * that are numbers, and by size.
   */
  order: readonly string[] | null;
}

const internals = Symbol('internals');

/** @internal The internals of a module. */
export const internalsOf = (module: Callable): Internals => module[internals];

/** @internal What a container holds by name. */
export const heldBy = <T>(module: Callable): Map<string, T> => module[internals].held as Map<string, T>;

/** @internal A module of the class of another, without anything: its constructor does not run. */
export const emptyLike = (module: Callable): Callable =>
  Reflect.construct(Callable, [], module.constructor) as Callable;

/**
 * The root of all modules: constructing one gives a function, whose prototype is the class's, so that `model(x)` calls
 * `model.forward(x)` while `model instanceof Net` holds. There is no Proxy: a call costs one closure.
 */
export class Callable {
  declare readonly [internals]: Internals;

  constructor() {
    const own: Internals = {
      born: traceNumber(),
      hooks: null,
      buffers: new Map(),
      held: new Map(),
      order: null,
    };
    const most = (new.target.prototype as unknown as Forward).forward.length;
    const self = ((...input: unknown[]): unknown => {
      if (isTraced()) dependsOnModule(self);
      try {
        if (own.hooks !== null) return runWithHooks(self as unknown as AnyModule & Forward, input, own.hooks);
        if (input.length > most) refuseExcessInput(self as unknown as AnyModule & Forward, input);
        return (self as unknown as Forward).forward(...input);
      } catch (error) {
        throw calledAs(self.constructor.name, error);
      }
    }) as unknown as Callable;
    // A function's own `name` and `length` are read-only, and a module may well have properties so called.
    const bare = self as { name?: string; length?: number };
    delete bare.name;
    delete bare.length;
    Object.setPrototypeOf(self, new.target.prototype);
    Object.defineProperty(self, internals, { value: own });
    // biome-ignore lint/correctness/noConstructorReturn: a module is a function
    return self;
  }

  /**
   * @internal The named values among which parameters, buffers and submodules are looked for: the own properties.
   * Containers that keep theirs elsewhere override it.
   */
  registered(): [string, unknown][] {
    if (this[internals].order === null) return Object.entries(this);
    return propertiesOf(this).map((name) => [name, valueIn(this, name)]);
  }

  /**
   * @internal A compiled function that is called as a method of this module takes for given which parts and parameters
   * it has, as it may use them though it does not call the module. Other tensors may be what it gave.
   */
  ownsCompiled(): void {
    for (const [key, value] of Object.entries(this))
      if (value instanceof Parameter || isModule(value))
        assumes(`${this.constructor.name}.${key}`, () => valueIn(this, key) === value);
  }
}

/** @internal The names of the properties of a module, those that were registered in the order in which they were. */
export function propertiesOf(module: Callable): readonly string[] {
  const { order } = module[internals];
  const names = Object.keys(module);
  if (order === null) return names;
  const ordered = new Set(order.filter((name) => Object.hasOwn(module, name)));
  return [...ordered, ...names.filter((name) => !ordered.has(name))];
}

/** @internal The values of `registered()`, without making pairs of them where that can be helped. */
export const registeredValues = (module: Callable): unknown[] =>
  module.registered === Callable.prototype.registered && module[internals].order === null
    ? Object.values(module)
    : module.registered().map(([, value]) => value);

/**
 * @internal A compiled call takes the properties and the hooks of its modules for given, the flag `training`, and which
 * parameters they have: of each that is called or listed, and of all below it, since a container is not called, and a
 * layer's weights may be used without it. They are asked for as they were when they were met first.
 */
export function dependsOnModule(module: Callable): void {
  if (!tellsOnce(module)) return;
  const own = internalsOf(module);
  const { name } = module.constructor;
  tellOfNewProperties();
  if (own.born !== traceNumber()) {
    assumesValues(name, module, methodsOf(module));
    assumesSame(`the properties of ${name}`, () => propertiesOf(module), true);
    assumesSame(`the hooks of ${name}`, () => Object.values(own.hooks ?? {}).flat(), true);
    assumesHeld(module);
    if (module.registered !== Callable.prototype.registered)
      assumesSame(`what ${name} holds`, () => [...own.held].flat());
  }
  for (const [key, value] of module.registered()) {
    if (value instanceof Tensor) nameForCompile(value, `${name}.${key}`);
    else if (isModule(value)) dependsOnModule(value);
  }
}

/**
 * @internal {@link dependsOnModule} of one whose parts are listed. Nothing tells of a property that is defined, not
 * set; to count them takes too long for modules that are only called.
 */
export function dependsOnParts(module: Callable): void {
  dependsOnModule(module);
  const own = internalsOf(module);
  if (own.born === traceNumber() || !tellsOnce(own)) return;
  const { length } = Object.keys(module);
  assumes(`the properties of ${module.constructor.name}`, () => Object.keys(module).length === length);
}

/**
 * `forward` and the methods that classes of a module add to it. Nothing tells of a property that is set in front of one:
 * who sets it finds the method, and asks no further prototype.
 */
function methodsOf(module: Callable): string[] {
  const names = new Set(['forward']);
  const all = prototypesOf(module).map(Object.getOwnPropertyDescriptors);
  const common = all.pop() ?? {};
  for (const own of all)
    for (const [name, { value }] of Object.entries(own))
      if (typeof value === 'function' && !(name in common)) names.add(name);
  return [...names];
}

/** Those of its class, of the one above it, and so on to that of all modules. */
function prototypesOf(module: Callable): object[] {
  const all: object[] = [];
  for (
    let one: object = Object.getPrototypeOf(module);
    one !== Callable.prototype;
    one = Object.getPrototypeOf(one)
  )
    all.push(one);
  return all;
}

const valueIn = (holder: Callable, key: string): unknown =>
  (holder as unknown as Readonly<Record<string, unknown>>)[key];

/**
 * Has compiled calls told of properties that are added: who sets one that is not there asks the prototypes, the last of
 * them too.
 */
function tellOfNewProperties(): void {
  if (Object.getPrototypeOf(Callable.prototype) !== Object.prototype) return;
  const last = new Proxy(Object.create(Object.prototype) as object, {
    set(target, name, value, module) {
      noteChange();
      return Reflect.set(target, name, value, module);
    },
  });
  Object.setPrototypeOf(Callable.prototype, last);
}

interface Forward {
  forward(...input: unknown[]): unknown;
}

/** Whether a value is a module. */
export const isModule = /* @__PURE__ */ K.whereReadable(
  (value): value is AnyModule => value instanceof Callable,
);
