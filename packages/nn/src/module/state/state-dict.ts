import { describeValue, isTraced, K, KindlingError, type Tensor, type TensorJSON } from '@kindling/core';
import { type AnyModule, dependsOnParts, internalsOf } from '../callable.ts';
import { hooksFor, registrars } from '../hooks/index.ts';
import { goingDown, isPersistent, type Named, partsOf } from '../registry.ts';
import { extraKey, overrides } from './extra-state.ts';

/**
 * The parameters and buffers of a module by PyTorch's names. What `getExtraState` gave stands under names that end in
 * `_extra_state`, and is whatever it is.
 */
export type StateDict = Record<string, Tensor>;

/**
 * What `loadStateDict` takes: what `stateDict()` gave, a map, what was read from a safetensors file, or what
 * `JSON.parse` made of the text of any of them.
 */
export type StateDictLike = Named<Tensor | TensorJSON>;

/** Options of `stateDict`. */
export interface StateDictOptions {
  /** Put before each key. Default: none. */
  readonly prefix?: string;
  /** Give the parameters themselves, not tensors detached from them. Default: false. */
  readonly keepVars?: boolean;
}

/** What PyTorch knows of a module beside its state: versions of classes, which Kindling has not. */
export interface LocalMetadata {
  /** Whether the module takes the tensors of the state as its own. */
  readonly assignToParamsBuffers?: boolean;
}

/** The members of one module that its state dict holds: parameters, then the persistent buffers. */
export function savedMembers(module: AnyModule): [string, Tensor][] {
  const { parameters, buffers } = partsOf(module);
  return [...parameters, ...buffers.filter(([name]) => isPersistent(module, name))];
}

/** @internal Writes the state of a module and of those below it into `destination`. */
export function collectState(
  module: AnyModule,
  destination: StateDict,
  prefix: string,
  keepVars: boolean,
): void {
  if (isTraced()) dependsOnParts(module);
  for (const hook of hooksFor(internalsOf(module).hooks, 'statePre'))
    refusePromise(module, registrars.statePre, hook(module, prefix, keepVars));
  for (const [name, value] of savedMembers(module))
    destination[prefix + name] = keepVars ? value : value.detach();
  if (module[overrides]('getExtraState')) {
    const extra = module.getExtraState();
    refusePromise(module, 'getExtraState', extra);
    (destination as Record<string, unknown>)[prefix + extraKey] = extra;
  }
  goingDown(module, 'stateDict', () => {
    for (const [name, child] of partsOf(module).children)
      collectState(child, destination, `${prefix}${name}.`, keepVars);
  });
  for (const hook of hooksFor(internalsOf(module).hooks, 'statePost'))
    refuseReturned(module, 'statePost', hook(module, destination, prefix, {}));
}

/** Refuses what was begun and has not ended: nothing waits for it. */
export function refusePromise(module: AnyModule, method: string, returned: unknown): void {
  if (!K.isPromise(returned)) return;
  // It is refused whatever becomes of it.
  K.disown(returned);
  throw new KindlingError(
    `${module.constructor.name}.${method}: got a promise, for which nothing waits: states are read and loaded at once`,
  );
}

/** Refuses what a hook returned that changes what it is given in place. */
export function refuseReturned(module: AnyModule, kind: 'statePost' | 'loadPost', returned: unknown): void {
  if (returned === undefined || returned === null) return;
  const given = kind === 'statePost' ? 'the state' : 'missingKeys and unexpectedKeys';
  throw new KindlingError(
    `${module.constructor.name}.${registrars[kind]}: the hook must return nothing, got ${describeValue(returned)}; ` +
      `it changes ${given} in place`,
  );
}
