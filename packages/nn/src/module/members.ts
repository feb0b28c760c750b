import {
  changesSetting,
  checkArguments,
  describeValue,
  FrozenError,
  isTraced,
  K,
  KindlingError,
  noteChange,
  Tensor,
  traceNumber,
} from '@kindling/core';
import { type AnyModule, dependsOnModule, heldBy, internalsOf, isModule, propertiesOf } from './callable.ts';
import {
  addHook,
  checkHook,
  copyOfHooks,
  type ForwardHookOptions,
  type HookKind,
  type RemovableHandle,
} from './hooks/index.ts';
import type { Parameter } from './parameter.ts';
import { isTensorPart, partsOf } from './registry.ts';

/** What a property holds. */
export const valueOf = (module: AnyModule, name: string): unknown =>
  (module as unknown as Record<string, unknown>)[name];

/** Defines rather than assigns, as a class field does, so that no name is special; it may be a new one. */
export function setProperty(module: AnyModule, name: string, value: unknown): void {
  noteChange();
  const own = { value, writable: true, enumerable: true, configurable: true };
  if (!Reflect.defineProperty(module, name, own))
    throw new FrozenError(`${module.constructor.name}.${name}`, 'module');
}

const isNumber = (name: string): boolean => /^(0|[1-9]\d*)$/.test(name);

/** {@link setProperty} of what is registered: a new one comes behind those that are there. */
export function register(module: AnyModule, name: string, value: unknown): void {
  const own = internalsOf(module);
  const isNew = !Object.hasOwn(module, name);
  const before = isNew && (own.order !== null || isNumber(name)) ? registeredNames(module) : null;
  setProperty(module, name, value);
  if (before === null) return;
  const [wanted, natural] = [[...before, name], registeredNames(module)];
  if (own.order !== null || wanted.some((each, i) => each !== natural[i])) own.order = wanted;
}

const registeredNames = (module: AnyModule): string[] =>
  propertiesOf(module).filter((name) => {
    const value = valueOf(module, name);
    return isModule(value) || isTensorPart(module, name, value);
  });

/** {@link setProperty}, or what a container holds by the name. */
export function setPart(module: AnyModule, name: string, value: unknown): void {
  const held = heldBy(module);
  if (held.has(name)) {
    noteChange();
    held.set(name, value);
  } else setProperty(module, name, value);
}

/** Sets the flag `training`: a compiled call takes it for given as it was, and leaves it as it does here. */
export function setTraining(module: AnyModule, training: boolean): void {
  if (isTraced() && internalsOf(module).born !== traceNumber()) {
    dependsOnModule(module);
    changesSetting(
      module,
      () => module.training,
      (flag) => setProperty(module, 'training', flag),
    );
  }
  setProperty(module, 'training', training);
}

/** What can be registered under a name. */
type Registered = 'buffer' | 'parameter' | 'module';

/** Refuses names under which nothing can be registered, and those taken by something else. */
export function checkName(module: AnyModule, kind: Registered, name: string, replaces: boolean): void {
  const caller = registering(module, kind);
  checkArguments(caller, { name: K.text }, [name]);
  if (name.includes('.')) throw new KindlingError(`${caller}: ${kind} name can't contain ".", got: ${name}`);
  if (name === '') throw new KindlingError(`${caller}: ${kind} name can't be empty string ""`);
  const present = name in module && !replaces ? valueOf(module, name) : null;
  if (present == null) return;
  const hint =
    kind === 'buffer' && Tensor.is(present)
      ? `; write this.${name} = this.registerBuffer('${name}', x), and assign nothing before`
      : '';
  throw new KindlingError(`${caller}: attribute '${name}' already exists${hint}`);
}

/** The error for what is no module. */
export const noModule = (of: AnyModule, value: unknown): KindlingError =>
  new KindlingError(
    `${of.constructor.name}: ${describeValue(value)} is not a Module subclass; expected a module such as new nn.Linear(2, 3)`,
  );

/** The error for what cannot be registered. */
export const cannotAssign = (
  module: AnyModule,
  kind: Registered,
  name: string,
  value: unknown,
  wanted: string,
): KindlingError =>
  new KindlingError(
    `${registering(module, kind)}: cannot assign ${describeValue(value)} to ${kind} '${name}' (${wanted} or null required)`,
  );

/** The method that registers a kind of values, for an error: `Net.registerBuffer`. */
const registering = (module: AnyModule, kind: Registered): string =>
  `${module.constructor.name}.register${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;

/** The error where nothing of this kind has the name. */
export function absent(module: AnyModule, name: string, kind: string): KindlingError {
  const owner = module.constructor.name;
  return valueOf(module, name) === undefined
    ? new KindlingError(`${owner} has no attribute \`${name}\``)
    : new KindlingError(`\`${name}\` of ${owner} is not an nn.${kind}`);
}

/** The parameter or buffer of a dotted name. */
export function member<K extends 'parameters' | 'buffers'>(
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

/** Adds a hook; `given` is all that the method of its kind was given. */
export function registerHook(
  module: AnyModule,
  kind: HookKind,
  given: ArrayLike<unknown>,
  hook: (...input: never[]) => unknown,
  options?: ForwardHookOptions,
): RemovableHandle {
  checkHook(module, kind, given);
  if (isTraced()) dependsOnModule(module);
  const own = internalsOf(module);
  own.hooks ??= copyOfHooks(null);
  return addHook(own.hooks, kind, hook, options);
}
