import { isTraced, K, KindlingError, notePart, Tensor } from '@kindling/core';
import { type AnyModule, dependsOnParts, internalsOf, isModule, registeredValues } from './callable.ts';
import { Parameter } from './parameter.ts';
import { warnOfUnregistered } from './unregistered.ts';

/**
 * How the properties of a module are called in PyTorch, where that differs: property to name. Names of
 * parameters, buffers and submodules in `stateDict()`, `namedParameters()` and their kin are translated by it.
 */
export type StateNames = Readonly<Record<string, string>>;

/** Values by name, in order. */
export type Named<T> = Readonly<Record<string, T>> | ReadonlyMap<string, T>;

/** The entries of an object or Map. */
export const entriesOf = <T>(named: Named<T>): Iterable<[string, T]> =>
  K.isMap(named) ? named : Object.entries(named as Record<string, T>);

/** The parts of a module itself, without its submodules', by PyTorch's names, in the order of the properties. */
interface Parts {
  readonly parameters: [string, Parameter][];
  readonly buffers: [string, Tensor][];
  readonly children: [string, AnyModule][];
}

/**
 * Sorts a module's properties into parameters, buffers and submodules. It looks anew each time, so that whatever was
 * assigned, replaced or deleted since counts; the order is the properties', as PyTorch's is that of registration.
 */
export function partsOf(module: AnyModule): Parts {
  if (isTraced()) dependsOnParts(module);
  const parts: Parts = { parameters: [], buffers: [], children: [] };
  const { buffers } = internalsOf(module);
  const names = stateNamesOf(module);
  for (const [property, value] of module.registered()) {
    const name = nameIn(names, property);
    if (typeof value === 'function' && isModule(value)) parts.children.push([name, value]);
    else if (value instanceof Parameter) parts.parameters.push([name, value]);
    else if (value instanceof Tensor && buffers.has(property)) parts.buffers.push([name, value]);
    else continue;
    notePart(value, module);
  }
  return parts;
}

/** Whether the property of a module is one of its parameters or buffers. */
export const isTensorPart = (module: AnyModule, property: string, value: unknown): value is Tensor =>
  value instanceof Parameter || (value instanceof Tensor && internalsOf(module).buffers.has(property));

/** The direct submodules in order, also those that stand there twice. */
export const modulesIn = <M extends AnyModule = AnyModule>(module: AnyModule): M[] =>
  partsOf(module).children.map(([, child]) => child as unknown as M);

/** Whether the buffer of this (PyTorch) name is saved in the state dict. */
export function isPersistent(module: AnyModule, name: string): boolean {
  const names = stateNamesOf(module);
  for (const [property, { persistent }] of internalsOf(module).buffers) {
    if (nameIn(names, property) === name) return persistent;
  }
  return true;
}

function stateNamesOf(module: AnyModule): StateNames {
  return (module.constructor as unknown as { stateNames?: StateNames }).stateNames ?? {};
}

const nameIn = (names: StateNames, property: string): string =>
  (Object.hasOwn(names, property) ? names[property] : undefined) ?? property;

/** How a property of a module is called in PyTorch. */
export const stateNameOf = (module: AnyModule, property: string): string =>
  nameIn(stateNamesOf(module), property);

/** The property of a module that PyTorch calls by a name; one of the name itself where there is none. */
export function propertyOf(module: AnyModule, name: string): string {
  const names = stateNamesOf(module);
  const found = module.registered().find(([property]) => nameIn(names, property) === name)?.[0];
  return found ?? Object.keys(names).find((property) => names[property] === name) ?? name;
}

/** The names that lead from a module back to itself, by way of `path`; null where none do. */
function wayBack(to: AnyModule, from: AnyModule, path: string[], seen: Set<AnyModule>): string[] | null {
  for (const [name, child] of partsOf(from).children) {
    if (child === to) return [...path, name];
    if (seen.has(child)) continue;
    seen.add(child);
    const found = wayBack(to, child, [...path, name], seen);
    if (found !== null) return found;
  }
  return null;
}

/** How far down those are that are at work. */
let depth = 0;
/** At each so many levels it is asked whether there is an end. */
const deep = 200;

/**
 * Does what goes down from a module to those below it, which never ends where one of them holds the module in turn:
 * that is said, where else the stack would overflow.
 * @throws KindlingError
 */
export function goingDown<T>(module: AnyModule, caller: string, go: () => T): T {
  depth++;
  try {
    if (depth % deep === 0) refuseCircle(module, caller);
    return go();
  } catch (error) {
    if (error instanceof RangeError) refuseCircle(module, caller);
    throw error;
  } finally {
    depth--;
  }
}

function refuseCircle(module: AnyModule, caller: string): void {
  const way = wayBack(module, module, [], new Set());
  if (way === null) return;
  const { name } = module.constructor;
  throw new KindlingError(
    `${caller}: ${name} holds itself, as ${name}.${way.join('.')}: a module that is to know the one which holds it keeps it in a private field (#parent)`,
  );
}

/** A module and all below it, each with its dotted name, parents first. */
export function walkModules(
  module: AnyModule,
  prefix: string,
  removeDuplicate: boolean,
  seen: Set<AnyModule> = new Set(),
  found: [string, AnyModule][] = [],
): [string, AnyModule][] {
  if (seen.has(module)) return found;
  if (removeDuplicate) seen.add(module);
  found.push([prefix, module]);
  for (const [name, child] of partsOf(module).children) {
    walkModules(child, prefix === '' ? name : `${prefix}.${name}`, removeDuplicate, seen, found);
  }
  return found;
}

/**
 * The parameters of a module and those below it, each once, in the order of {@link walkMembers}, which also names them.
 */
export function parametersOf(module: AnyModule, recurse: boolean): Parameter[] {
  const found = new Set<Parameter>();
  gatherParameters(module, recurse ? new Set() : null, found);
  return [...found];
}

function gatherParameters(module: AnyModule, seen: Set<AnyModule> | null, found: Set<Parameter>): void {
  if (isTraced()) dependsOnParts(module);
  seen?.add(module);
  const values = registeredValues(module);
  for (const value of values) {
    if (value instanceof Parameter) {
      notePart(value, module);
      found.add(value);
    } else if (typeof value === 'object') warnOfUnregistered(module, value);
  }
  if (seen === null) return;
  for (const value of values) {
    if (typeof value !== 'function' || !isModule(value)) continue;
    notePart(value, module);
    if (!seen.has(value)) gatherParameters(value, seen, found);
  }
}

/** Options of `namedParameters` and `namedBuffers`. */
export interface NamedOptions {
  /** Put before each name, with a dot. Default: none. */
  readonly prefix?: string;
  /** Include those of submodules. Default: true. */
  readonly recurse?: boolean;
  /** List what is shared under its first name only. Default: true. */
  readonly removeDuplicate?: boolean;
}

/** The named parameters or buffers of a module and those below it. */
export function walkMembers<K extends 'parameters' | 'buffers'>(
  module: AnyModule,
  kind: K,
  options: NamedOptions,
): Parts[K] {
  const { prefix = '', recurse = true, removeDuplicate = true } = options;
  const seen = new Set<Tensor>();
  const found: [string, Tensor][] = [];
  const modules: [string, AnyModule][] = recurse
    ? walkModules(module, prefix, removeDuplicate)
    : [[prefix, module]];
  for (const [at, owner] of modules) {
    for (const [name, value] of partsOf(owner)[kind]) {
      if (seen.has(value)) continue;
      if (removeDuplicate) seen.add(value);
      found.push([at === '' ? name : `${at}.${name}`, value]);
    }
  }
  return found as Parts[K];
}
