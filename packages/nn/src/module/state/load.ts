import {
  cannotCompile,
  describeValue,
  FrozenError,
  fromJSON,
  isTensorJSON,
  isTraced,
  K,
  KindlingError,
  noGrad,
  type Shape,
  sameShape,
  Tensor,
} from '@kindling/core';
import { type AnyModule, dependsOnParts, internalsOf, isModule } from '../callable.ts';
import { hooksFor, registrars } from '../hooks/index.ts';
import { setPart } from '../members.ts';
import { Parameter } from '../parameter.ts';
import { entriesOf, goingDown, partsOf, propertyOf } from '../registry.ts';
import { extraKey, overrides, revived } from './extra-state.ts';
import { type Fit, type Fitting, fitTo } from './fit.ts';
import { refusePromise, refuseReturned, type StateDictLike, savedMembers } from './state-dict.ts';

/** Options of `loadStateDict`. */
export interface LoadStateDictOptions {
  /** Throw where keys are missing or unexpected. Default: true. */
  readonly strict?: boolean;
  /**
   * Take the tensors of the state as the module's own, with their dtype and memory, instead of copying from them.
   * Parameters stay parameters, and learn or not as before. Optimizers are made after that. Default: false.
   */
  readonly assign?: boolean;
}

/** The keys that did not match; hooks after loading may change the lists. */
export interface IncompatibleKeys {
  /** Keys of the module that the state had not. */
  readonly missingKeys: string[];
  /** Keys of the state that the module has not. */
  readonly unexpectedKeys: string[];
}

/** The state as hooks before loading see it: a copy, in which they may rename, add and delete. */
export type LoadingState = Record<string, unknown>;

/** What is to be done for a module, and for those below it. */
interface Plan {
  readonly module: AnyModule;
  readonly fit: Fit | null;
  /** From where to where; to a property where the tensor becomes the module's own. */
  readonly copies: { readonly target: Tensor; readonly source: Tensor; readonly property: string | null }[];
  /** What `setExtraState` is given, in a list; nothing where it is not called. */
  readonly extra: readonly unknown[];
  readonly missing: Edit;
  readonly unexpected: Edit;
  readonly below: readonly Plan[];
}

/** How a list of keys has changed. */
interface Edit {
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/** What holds for the whole of a load. */
interface Load extends IncompatibleKeys {
  readonly assign: boolean;
  readonly errors: string[];
}

const torchSize = (x: Tensor): string => `torch.Size([${x.shape.join(', ')}])`;

/**
 * @internal Copies `state` into a module. All of it is checked first: where it throws, nothing was changed, unless
 * hooks that run after loading let keys stand that do not match.
 */
export function restoreState(
  module: AnyModule,
  state: StateDictLike,
  { strict = true, assign = false }: LoadStateDictOptions,
): IncompatibleKeys {
  if (assign)
    cannotCompile(
      'loadStateDict: the module would take other tensors as its own in the compiled function, which later calls would ' +
        'not do; load with { assign: true } outside',
    );
  const load: Load = { assign, missingKeys: [], unexpectedKeys: [], errors: [] };
  const plan = planOf(module, '', entriesIn(state), load);
  const isFinal = allOf(plan).every(
    (part) => hooksFor(internalsOf(part.module).hooks, 'loadPost').length === 0,
  );
  if (isFinal || load.errors.length > 0) report(module, load.errors, strict ? load : null);
  const keys: IncompatibleKeys = { missingKeys: [], unexpectedKeys: [] };
  carryOut(plan, keys);
  report(module, [], strict ? keys : null);
  return keys;
}

/** A plan and those below it, in the order in which they are carried out. */
const allOf = (plan: Plan): Plan[] => [plan, ...plan.below.flatMap(allOf)];

const editOf = (before: readonly string[], after: readonly string[]): Edit => ({
  removed: before.filter((key) => !after.includes(key)),
  added: after.filter((key) => !before.includes(key)),
});

function redo({ removed, added }: Edit, keys: string[]): void {
  for (const key of removed) if (keys.includes(key)) keys.splice(keys.indexOf(key), 1);
  keys.push(...added);
}

function report(module: AnyModule, errors: readonly string[], keys: IncompatibleKeys | null): void {
  const lines = [...errors];
  const tell = (what: string, list: readonly string[] = []): void => {
    if (list.length > 0)
      lines.unshift(`${what} key(s) in state_dict: ${list.map((key) => `"${key}"`).join(', ')}. `);
  };
  tell('Unexpected', keys?.unexpectedKeys);
  tell('Missing', keys?.missingKeys);
  if (lines.length === 0) return;
  throw new KindlingError(
    `loadStateDict: Error(s) in loading state_dict for ${module.constructor.name}:\n\t${lines.join('\n\t')}`,
  );
}

/** The entries of a state, as hooks may change them: no name is special in it. */
function entriesIn(state: StateDictLike): LoadingState {
  if (!K.isNamed(state) || isModule(state)) {
    throw new KindlingError(
      `loadStateDict: expected an object or a Map of tensors by name, got ${describeValue(state)}`,
    );
  }
  const entries = Object.create(null) as LoadingState;
  for (const [key, value] of entriesOf<unknown>(state)) entries[key] = revived(key, value);
  return entries;
}

function planOf(module: AnyModule, prefix: string, state: LoadingState, load: Load): Plan {
  if (isTraced()) dependsOnParts(module);
  const { missingKeys, unexpectedKeys } = load;
  const before = [[...missingKeys], [...unexpectedKeys]] as const;
  const metadata = load.assign ? { assignToParamsBuffers: true } : {};
  for (const hook of hooksFor(internalsOf(module).hooks, 'loadPre')) {
    const returned = hook(module, state, prefix, metadata, true, missingKeys, unexpectedKeys, load.errors);
    refusePromise(module, registrars.loadPre, returned);
  }
  if (load.assign && Object.isFrozen(module)) throw new FrozenError('loadStateDict', 'module');
  const members = savedMembers(module);
  const { children } = partsOf(module);
  const fit =
    (module as Partial<Fitting>)[fitTo]?.((name): Shape | undefined => {
      const value = state[prefix + name];
      return Tensor.is(value) ? value.shape : undefined;
    }) ?? null;
  const copies: Plan['copies'] = [];
  for (const [name, target] of members) {
    const key = prefix + name;
    const source = state[key];
    if (source === undefined) {
      if (!module.toleratesMissing(name)) missingKeys.push(key);
      continue;
    }
    const into = fit?.tensors.get(target) ?? target;
    const fitting = sourceFor(key, into, source, load);
    const property = load.assign ? propertyOf(module, name) : null;
    if (fitting !== null) copies.push({ target: into, source: fitting, property });
  }
  const ownKey = prefix + extraKey;
  const extra: unknown[] = [];
  const takesExtra = module[overrides]('setExtraState');
  if (ownKey in state) {
    if (takesExtra) extra.push(state[ownKey]);
    else unexpectedKeys.push(ownKey);
  } else if (takesExtra && !module.toleratesMissing(extraKey)) missingKeys.push(ownKey);
  const own = new Set(members.map(([name]) => name));
  const below = new Set(children.map(([name]) => name));
  for (const key of Object.keys(state)) {
    if (key === ownKey || !key.startsWith(prefix)) continue;
    const rest = key.slice(prefix.length);
    const dot = rest.indexOf('.');
    const known = dot < 0 ? own.has(rest) : below.has(rest.slice(0, dot)) || own.has(rest);
    if (!known) unexpectedKeys.push(key);
  }
  const missing = editOf(before[0], missingKeys);
  const unexpected = editOf(before[1], unexpectedKeys);
  const plans = goingDown(module, 'loadStateDict', () =>
    children.map(([name, child]) =>
      planOf(child, `${prefix}${name}.`, under(`${prefix}${name}.`, state), load),
    ),
  );
  return { module, fit, copies, extra, missing, unexpected, below: plans };
}

/** The part of a state that is one module's, a copy. */
function under(prefix: string, state: LoadingState): LoadingState {
  const part = Object.create(null) as LoadingState;
  for (const [key, value] of Object.entries(state)) if (key.startsWith(prefix)) part[key] = value;
  return part;
}

/** What goes to the tensor of a key, if it fits; else the errors say why not. */
function sourceFor(key: string, target: Tensor, given: unknown, load: Load): Tensor | null {
  const fault = (text: string): null => {
    load.errors.push(text);
    return null;
  };
  if (!Tensor.is(given)) return fault(`While copying the parameter named "${key}", ${whyNoTensor(given)}`);
  // Checkpoints of very old PyTorch hold scalars as tensors of one element.
  const source = target.ndim === 0 && given.ndim === 1 && given.count === 1 ? given.reshape([]) : given;
  if (!sameShape(source.shape, target.shape)) {
    return fault(
      `size mismatch for ${key}: copying a param with shape ${torchSize(given)} from checkpoint, ` +
        `the shape in current model is ${torchSize(target)}.`,
    );
  }
  if (!load.assign || !(target instanceof Parameter) || source instanceof Parameter) return source;
  try {
    return new Parameter(source, { requiresGrad: target.requiresGrad });
  } catch (error) {
    return fault(
      `While copying the parameter named "${key}", whose dimensions in the model are ${torchSize(target)} and whose ` +
        `dimensions in the checkpoint are ${torchSize(source)}, an exception occurred : ${(error as Error).message}.`,
    );
  }
}

function whyNoTensor(value: unknown): string {
  if (isTensorJSON(value)) {
    try {
      fromJSON(value);
    } catch (error) {
      return (error as Error).message;
    }
  }
  return `expected a Tensor from checkpoint but received ${describeValue(value)}`;
}

/** Loads by a plan, in PyTorch's order; hooks see the keys that have come together so far. */
function carryOut(plan: Plan, keys: IncompatibleKeys): void {
  const { module, fit, copies, extra, below } = plan;
  fit?.install();
  noGrad(() => {
    for (const { target, source, property } of copies) {
      if (property === null) target.copy_(source);
      else setPart(module, property, source);
      if (property !== null && target instanceof Parameter) source.requiresGrad = target.requiresGrad;
    }
  });
  redo(plan.missing, keys.missingKeys);
  redo(plan.unexpected, keys.unexpectedKeys);
  for (const state of extra) refusePromise(module, 'setExtraState', module.setExtraState(state));
  for (const part of below) carryOut(part, keys);
  for (const hook of hooksFor(internalsOf(module).hooks, 'loadPost'))
    refuseReturned(module, 'loadPost', hook(module, keys));
}
