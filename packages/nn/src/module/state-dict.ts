import {
  fromJSON,
  isTensorJSON,
  K,
  KindlingError,
  noGrad,
  type Shape,
  sameShape,
  Tensor,
  type TensorJSON,
} from '@kindling/core';
import { type AnyModule, isModule } from './callable.ts';
import { entriesOf, goingDown, isPersistent, type Named, partsOf } from './registry.ts';

/** The parameters and buffers of a module by PyTorch's names. */
export type StateDict = Record<string, Tensor>;

/**
 * What {@link loadStateDict} takes: what `stateDict()` gave, a map, what was read from a safetensors file, or what
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

/** Options of `loadStateDict`. */
export interface LoadStateDictOptions {
  /** Throw where keys are missing or unexpected. Default: true. */
  readonly strict?: boolean;
}

/** The keys that did not match. */
export interface IncompatibleKeys {
  /** Keys of the module that the state had not. */
  readonly missingKeys: string[];
  /** Keys of the state that the module has not. */
  readonly unexpectedKeys: string[];
}

/** The members of one module that its state dict holds: parameters, then the persistent buffers. */
function savedMembers(module: AnyModule): [string, Tensor][] {
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
  for (const [name, value] of savedMembers(module)) {
    destination[prefix + name] = keepVars ? value : value.detach();
  }
  goingDown(module, 'stateDict', () => {
    for (const [name, child] of partsOf(module).children)
      collectState(child, destination, `${prefix}${name}.`, keepVars);
  });
}

/** @internal Tensors for those of a module that have no shape yet; they become its own by `install`. */
export interface Fit {
  readonly tensors: ReadonlyMap<Tensor, Tensor>;
  install(): void;
}

/** @internal What a module that takes its shapes from a state is asked for them by; `null` where the state has none. */
export const fitTo: unique symbol = Symbol('fitTo');

/** @internal Such a module. */
export interface Fitting {
  /** @param shapeOf the shape of what the state has by a name */
  [fitTo](shapeOf: (name: string) => Shape | undefined): Fit | null;
}

interface Plan {
  readonly fits: Fit[];
  readonly copies: { target: Tensor; source: Tensor }[];
  readonly missing: string[];
  readonly unexpected: string[];
  readonly errors: string[];
}

const torchSize = (x: Tensor): string => `torch.Size([${x.shape.join(', ')}])`;

/** @internal Copies `state` into a module. Everything is checked first: where it throws, nothing was changed. */
export function restoreState(module: AnyModule, state: StateDictLike, strict: boolean): IncompatibleKeys {
  const entries = checkedEntries(state);
  const plan: Plan = { fits: [], copies: [], missing: [], unexpected: [], errors: [] };
  goingDown(module, 'loadStateDict', () => planModule(module, '', entries, plan));
  const { fits, copies, missing, unexpected, errors } = plan;
  const quoted = (keys: readonly string[]): string => keys.map((key) => `"${key}"`).join(', ');
  if (strict) {
    if (unexpected.length > 0) errors.unshift(`Unexpected key(s) in state_dict: ${quoted(unexpected)}. `);
    if (missing.length > 0) errors.unshift(`Missing key(s) in state_dict: ${quoted(missing)}. `);
  }
  if (errors.length > 0) {
    throw new KindlingError(
      `loadStateDict: Error(s) in loading state_dict for ${module.constructor.name}:\n\t${errors.join('\n\t')}`,
    );
  }
  for (const fit of fits) fit.install();
  noGrad(() => {
    for (const { target, source } of copies) target.copy_(source);
  });
  return { missingKeys: missing, unexpectedKeys: unexpected };
}

function checkedEntries(state: StateDictLike): ReadonlyMap<string, unknown> {
  if (!K.isNamed(state) || isModule(state)) {
    throw new KindlingError(
      `loadStateDict: expected an object or a Map of tensors by name, got ${state === null ? 'null' : typeof state}`,
    );
  }
  return new Map<string, unknown>(entriesOf(state));
}

function planModule(
  module: AnyModule,
  prefix: string,
  state: ReadonlyMap<string, unknown>,
  plan: Plan,
): void {
  const members = savedMembers(module);
  const { children } = partsOf(module);
  const fit = (module as Partial<Fitting>)[fitTo]?.((name) => {
    const value = tensorOf(state.get(prefix + name));
    return value instanceof Error ? undefined : value.shape;
  });
  if (fit) plan.fits.push(fit);
  for (const [name, target] of members) {
    const key = prefix + name;
    const source = state.get(key);
    if (source === undefined) {
      if (!module.toleratesMissing(name)) plan.missing.push(key);
      continue;
    }
    planCopy(key, fit?.tensors.get(target) ?? target, source, plan);
  }
  const own = new Set(members.map(([name]) => name));
  const below = new Set(children.map(([name]) => name));
  for (const key of state.keys()) {
    if (!key.startsWith(prefix)) continue;
    const rest = key.slice(prefix.length);
    const dot = rest.indexOf('.');
    const known = dot < 0 ? own.has(rest) : below.has(rest.slice(0, dot)) || own.has(rest);
    if (!known) plan.unexpected.push(key);
  }
  for (const [name, child] of children) planModule(child, `${prefix}${name}.`, state, plan);
}

/** A value of the state as a tensor; an Error that says why it is none. */
function tensorOf(value: unknown): Tensor | Error {
  if (Tensor.is(value)) return value;
  if (!isTensorJSON(value)) {
    return new KindlingError(
      `expected a Tensor from checkpoint but received ${value === null ? 'null' : typeof value}`,
    );
  }
  try {
    return fromJSON(value);
  } catch (error) {
    return error as Error;
  }
}

function planCopy(key: string, target: Tensor, given: unknown, plan: Plan): void {
  const source = tensorOf(given);
  if (source instanceof Error) {
    plan.errors.push(`While copying the parameter named "${key}", ${source.message}`);
    return;
  }
  // Checkpoints of very old PyTorch hold scalars as tensors of one element.
  const value = target.ndim === 0 && source.ndim === 1 && source.count === 1 ? source.reshape([]) : source;
  if (sameShape(value.shape, target.shape)) plan.copies.push({ target, source: value });
  else {
    plan.errors.push(
      `size mismatch for ${key}: copying a param with shape ${torchSize(source)} from checkpoint, ` +
        `the shape in current model is ${torchSize(target)}.`,
    );
  }
}
