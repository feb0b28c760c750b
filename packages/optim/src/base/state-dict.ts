import {
  checkArguments,
  formatShape,
  fromJSON,
  isTensorJSON,
  K,
  type Shape,
  ShapeError,
  sameShape,
  Tensor,
  ValueError,
} from '@kindling/core';
import type { ParamGroup } from './groups.ts';
import { ofSavedGroup } from './implementation.ts';
import { nonNegative } from './kinds.ts';
import { ofOptimizers, spelled, spelling } from './naming.ts';
import type { Optimizer } from './optimizer.ts';
import type { Rate } from './rate.ts';
import { stateNames, type Update } from './update.ts';

/** What an optimizer remembers of a parameter: mostly tensors of its shape, and counts. */
export type ParamState = Record<string, Tensor | number | readonly (Tensor | null)[]>;

/** A value of {@link OptimizerStateDict}'s groups. */
export type OptionValue =
  | number
  | boolean
  | null
  | string
  | Tensor
  | readonly (number | Tensor | null)[]
  | readonly string[];

/** PyTorch's layout: state by the parameters' running number, options in snake_case. */
export interface OptimizerStateDict {
  /** What is remembered of each parameter, by its number: tensors, and what LBFGS keeps besides. */
  state: Record<number, ParamState>;
  /** The options of each group, and the numbers of its parameters as `params`. */
  param_groups: Record<string, OptionValue>[];
}

const { camelCase, snakeCase } = ofOptimizers;

type Group = ParamGroup<{ lr: Rate }> & Record<string, unknown>;

const copied = (value: unknown): unknown => (Array.isArray(value) ? value.slice() : value);

/** A copy of a state, its tensors copied too. */
export function copiedState<T>(state: T): T {
  if (state instanceof Tensor) return state.detach().clone() as T;
  if (Array.isArray(state)) return state.map(copiedState) as T;
  if (ArrayBuffer.isView(state)) return structuredClone(state);
  // What else is no plain object, in the extra state of a module, has no copy that all agree on.
  if (Object.prototype.toString.call(state) !== '[object Object]') return state;
  return Object.fromEntries(
    Object.entries(state as object).map(([name, value]) => [name, copiedState<unknown>(value)]),
  ) as T;
}

/** The state of a parameter, of which JSON loses no number. */
function spelledInJSON(state: ParamState): ParamState {
  const entries = Object.entries(state);
  if (entries.every(([, value]) => spelling(value) === value)) return state;
  const toJSON = (): unknown => Object.fromEntries(entries.map(([key, value]) => [key, spelling(value)]));
  return Object.defineProperty(state, 'toJSON', { value: toJSON });
}

/** State and options of an optimizer in PyTorch's layout; `written` gives a value of the state as PyTorch holds it. */
export function writeStateDict(
  { paramGroups, state }: Optimizer,
  written: (value: ParamState[string]) => ParamState[string],
): OptimizerStateDict {
  const numbers = new Map<Tensor, number>();
  const param_groups = paramGroups.map(({ params, ...options }: Group) => {
    const group: Record<string, OptionValue> = {};
    for (const [key, value] of Object.entries(options)) group[snakeCase(key)] = copied(value) as OptionValue;
    group.params = params.map((p) => {
      numbers.set(p, numbers.size);
      return numbers.size - 1;
    });
    return group;
  });
  const byNumber: OptimizerStateDict['state'] = {};
  for (const [p, values] of state) {
    const entries = Object.entries(values).map(([key, value]) => [snakeCase(key), written(value)]);
    if (entries.length > 0) byNumber[numbers.get(p)!] = spelledInJSON(Object.fromEntries(entries));
  }
  return { state: byNumber, param_groups };
}

/**
 * What reading a state dict asks of the optimizer: to check the options of a group, and what is remembered of a
 * parameter.
 */
interface Reader {
  check(group: Group): void;
  /** Whether an option may be a tensor, or two. */
  takesTensors(name: string): boolean;
  readState(what: string, p: Tensor, group: Group, values: Readonly<Record<string, unknown>>): ParamState;
}

/**
 * The groups and the state that a state dict gives to an optimizer, which is left as it is.
 * @throws ValueError, ShapeError where they do not fit
 */
export function readStateDict(
  caller: string,
  optimizer: Optimizer,
  dict: OptimizerStateDict,
  reader: Reader,
): { groups: Group[]; state: Map<Tensor, ParamState> } {
  if (!K.isOptions(dict) || !K.isArray(dict.param_groups) || !K.isOptions(dict.state)) {
    throw new ValueError(
      `${caller}: expected { state, param_groups }, as stateDict() gives, got ` +
        (K.isOptions(dict) ? `an object with ${Object.keys(dict).join(', ') || 'nothing'}` : typeof dict),
    );
  }
  const saved: readonly unknown[] = Array.from(dict.param_groups); // holes become undefined, which is refused
  const { paramGroups } = optimizer;
  if (saved.length !== paramGroups.length) {
    throw new ValueError(
      `${caller}: loaded state dict has a different number of parameter groups: ${saved.length}, expected ${paramGroups.length}`,
    );
  }
  const byNumber = new Map<number, { p: Tensor; group: Group }>();
  const groups = saved.map((group, i) => {
    const { params } = paramGroups[i]!;
    const numbers = numbersOf(caller, group, i, params.length);
    const read = readGroup(caller, optimizer.defaults, group as Record<string, unknown>, i, reader);
    read.params = params;
    reader.check(read);
    for (const [j, n] of numbers.entries()) {
      if (byNumber.has(n)) throw new ValueError(`${caller}: loaded state dict names parameter ${n} twice`);
      byNumber.set(n, { p: params[j]!, group: read });
    }
    return read;
  });
  const state = new Map<Tensor, ParamState>();
  for (const [number, values] of Object.entries(dict.state)) {
    const named = byNumber.get(Number(number));
    if (named === undefined) {
      throw new ValueError(
        `${caller}: loaded state dict has state for parameter ${number}, which no group names`,
      );
    }
    const what = `${caller}: the state of parameter ${number}`;
    if (!K.isOptions(values)) throw new ValueError(`${what}: expected an object of tensors by name`);
    const read = reader.readState(what, named.p, named.group, values as Record<string, unknown>);
    if (Object.keys(read).length > 0) state.set(named.p, read);
  }
  return { groups, state };
}

function numbersOf(caller: string, group: unknown, i: number, count: number): number[] {
  const numbers = K.isOptions(group) ? group.params : undefined;
  if (!Array.isArray(numbers) || !numbers.every(Number.isSafeInteger))
    throw new ValueError(`${caller}: param_groups[${i}]: expected options and params, a list of numbers`);
  if (numbers.length === count) return numbers as number[];
  throw new ValueError(
    `${caller}: loaded state dict contains a parameter group that doesn't match the size of optimizer's group: group ${i} ` +
      `has ${numbers.length} parameters, expected ${count}`,
  );
}

/**
 * A copy of an option; PyTorch's may be tensors, also by way of JSON, of which all become numbers but where they may
 * stay.
 */
function readOption(caller: string, key: string, given: unknown, stay: boolean): unknown {
  const value = plain(caller, key, given);
  if (value instanceof Tensor && stay) return value.detach().clone();
  if (value instanceof Tensor && value.count === 1) return value.item();
  return Array.isArray(value) ? value.map((x) => readOption(caller, key, x, stay)) : value;
}

/** What a group of the dict says, with PyTorch's defaults for switches that its earlier versions had not. */
function readGroup(
  caller: string,
  defaults: object,
  saved: Record<string, unknown>,
  i: number,
  { takesTensors }: Reader,
): Group {
  const group: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(saved)) {
    const name = camelCase(key);
    group[name] = readOption(caller, `param_groups[${i}]: ${key}`, value, takesTensors(name));
  }
  ofSavedGroup(group, defaults);
  for (const [name, value] of Object.entries(defaults)) {
    if (name in group) continue;
    if (typeof value !== 'boolean') {
      throw new ValueError(
        `${caller}: param_groups[${i}] has no ${snakeCase(name)}; it has ${Object.keys(saved).join(', ')}: is it of another ` +
          'optimizer?',
      );
    }
    group[name] = false;
  }
  return group as Group;
}

/**
 * What is remembered of a parameter: tensors of its dtype and of the shape that they have at `first`, and counts, which
 * PyTorch holds as tensors.
 */
export function readState(
  what: string,
  values: Readonly<Record<string, unknown>>,
  p: Tensor,
  update: Update,
  first: (name: string) => Tensor,
): ParamState {
  const { counts = [] } = update;
  const tensors = stateNames(update, p);
  const state: ParamState = {};
  for (const [key, value] of Object.entries(values)) {
    const name = camelCase(key);
    // PyTorch keeps None for a momentum that has not begun.
    if (value === null) continue;
    const x = plain(what, key, value);
    // Of what an option that is off now has left, a tensor of a parameter's own shape is no count.
    const isCount =
      counts.includes(name) ||
      (!tensors.includes(name) && !(x instanceof Tensor && (x.ndim > 0 || p.ndim === 0)));
    const { shape } = tensors.includes(name) ? first(name) : p;
    state[name] = isCount ? countOf(what, key, x) : tensorOf(what, key, x, p, shape);
  }
  const missing = [...tensors, ...counts].filter((name) => !(name in state));
  if (Object.keys(state).length > 0 && missing.length > 0)
    throw new ValueError(`${what} has no ${missing.map(snakeCase).join(', ')}: is it of another optimizer?`);
  return state;
}

/** Of steps there are none below 0; other numbers may follow a learning rate, which schedules may lead there. */
function countOf(caller: string, key: string, x: unknown): number {
  const count = x instanceof Tensor && x.count === 1 ? x.item() : x;
  checkArguments(caller, { [key]: key === 'step' ? nonNegative : K.finite }, [count]);
  return count as number;
}

/** A copy of a tensor of this shape, in the dtype of the parameter. */
export function tensorOf(caller: string, key: string, x: unknown, { dtype }: Tensor, shape: Shape): Tensor {
  checkArguments(caller, { [key]: K.tensor }, [x]);
  const value = x as Tensor;
  if (!sameShape(value.shape, shape)) {
    throw new ShapeError(
      `${caller}: ${key} has shape ${formatShape(value.shape)}, expected ${formatShape(shape)}`,
    );
  }
  return value.detach().to(dtype).clone();
}

/** A value as it is, or the tensor or number that JSON holds of it. */
export function plain(caller: string, key: string, value: unknown): unknown {
  if (!isTensorJSON(value)) return spelled.get(value) ?? value;
  try {
    return fromJSON(value);
  } catch (cause) {
    throw new ValueError(`${caller}: ${key}: ${(cause as Error).message}`, { cause });
  }
}
