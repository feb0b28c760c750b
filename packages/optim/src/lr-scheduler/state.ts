import { checkArguments, FrozenError, K, ValueError } from '@kindling/core';
import { requireOpenGroups } from '../base/groups.ts';
import { ofSchedules, spelled, spelling } from '../base/naming.ts';

/** What writes to itself as epochs go by: a schedule, of others too, or what stops early. */
interface Written {
  readonly optimizer?: { readonly paramGroups: readonly object[] };
  readonly schedulers?: readonly Written[];
}

/** Refuses one that is frozen, or whose parts or groups are, before any of it changes. */
export function requireOpen(caller: string, written: Written): void {
  if (Object.isFrozen(written)) throw new FrozenError(caller, 'schedule');
  for (const part of written.schedulers ?? []) requireOpen(caller, part);
  if (written.optimizer !== undefined) requireOpenGroups(caller, written.optimizer.paramGroups);
}

/**
 * What a scheduler remembers, under PyTorch's names. `JSON.stringify` writes numbers that are not finite as strings,
 * such as a plateau's best value so far, `"Infinity"`.
 */
export type SchedulerStateDict = Record<string, unknown>;

/** @internal What the `loadStateDict` of a scheduler takes. */
export const aState = /* @__PURE__ */ K.kind('what stateDict() gives', K.isOptions);

/** Refuses what is no state dict, before its fields are read. */
export const checkState = (caller: string, dict: unknown): void =>
  checkArguments(caller, { state: aState }, [dict]);

const isNumber = (x: unknown): x is number => typeof x === 'number';
const copied = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.slice();
  return K.isOptions(value) ? { ...value } : value;
};

/** What belongs to the state of a scheduler: its public fields but the optimizer, functions and what it has not. */
const fieldsOf = (scheduler: object): [key: string, value: unknown][] =>
  Object.entries(scheduler).filter(
    ([key, value]) => key !== 'optimizer' && value !== undefined && typeof value !== 'function',
  );

/** The state dict of a scheduler: its fields, and `more` under names of PyTorch's. */
export function writeState(scheduler: object, more: SchedulerStateDict): SchedulerStateDict {
  const state: SchedulerStateDict = {};
  for (const [key, value] of fieldsOf(scheduler)) state[ofSchedules.snakeCase(key)] = copied(value);
  Object.assign(state, more);
  return Object.defineProperty(state, 'toJSON', {
    value: () => JSON.parse(JSON.stringify({ ...state }, (_, value: unknown) => spelling(value))) as unknown,
  });
}

/** What `JSON.stringify` writes of what has this state. */
export const asJSON = (state: SchedulerStateDict): SchedulerStateDict =>
  JSON.parse(JSON.stringify(state)) as SchedulerStateDict;

/** A value from a state dict or from JSON, for a field that holds `present`. */
function valueLike(present: unknown, value: unknown): unknown {
  if (isNumber(present)) return spelled.get(value) ?? value;
  if (K.isArray(value)) return value.map((x) => spelled.get(x) ?? x);
  return value;
}

/**
 * The fields that a state dict gives, checked: each by its kind in `kinds`, or else by what the field holds now.
 * PyTorch's dicts of earlier versions lack those in `optional`.
 * @throws ValueError where a field is missing, or holds what it cannot
 */
export function readState(
  caller: string,
  scheduler: object,
  dict: SchedulerStateDict,
  kinds: Readonly<Record<string, K.Kind>>,
  optional: readonly string[] = [],
): Record<string, unknown> {
  checkState(caller, dict);
  if (Object.isFrozen(scheduler)) throw new FrozenError(caller, 'schedule');
  const read: Record<string, unknown> = {};
  const missing: string[] = [];
  for (const [key, present] of fieldsOf(scheduler)) {
    const name = ofSchedules.snakeCase(key);
    if (!Object.hasOwn(dict, name)) {
      if (!optional.includes(key)) missing.push(name);
      continue;
    }
    const value = valueLike(present, dict[name]);
    const kind = kinds[key] ?? K.like(present, K.finite);
    checkArguments(caller, { [name]: kind }, [value]);
    read[key] = copied(value);
  }
  if (missing.length > 0) {
    throw new ValueError(
      `${caller}: the state has no ${missing.join(', ')}; it has ${Object.keys(dict).join(', ') || 'nothing'}: is it of ` +
        'another scheduler?',
    );
  }
  return read;
}
