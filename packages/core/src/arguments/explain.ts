/** The error for arguments that do not fit: what was called, what came, what would have fitted. */
import { type KindlingError, ValueError } from '../errors.ts';
import { camelCase } from '../names.ts';
import { disown, isPromise } from '../readable.ts';
import { likeTensor, Tensor } from '../tensor.ts';
import { callable, errorOf, fits, isArray, isOptions, type Kind, kind, type Parameters } from './kinds.ts';
import { nearest } from './near-names.ts';

/** What came, in a few words. */
export function describe(value: unknown, depth = 0): string {
  try {
    return described(value, depth);
  } catch (error) {
    return unreadable(error);
  }
}

/** What is said of an object of which a getter or a Proxy throws. */
const unreadable = (error: unknown): string =>
  `an object that cannot be read: ${error instanceof Error ? `${error.name}: ${error.message}` : typeof error}`;

function described(value: unknown, depth: number): string {
  if (Tensor.is(value)) return `a Tensor of shape [${value.shape.join(', ')}]`;
  switch (typeof value) {
    case 'string':
      return value.length > 40 ? `${JSON.stringify(value.slice(0, 40))}...` : JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'function':
      return describeFunction(value);
    case 'object':
      return value === null ? 'null' : describeObject(value, depth);
    default:
      return String(value);
  }
}

/** The name of the class that something says it is of. */
const classOf = (value: object): unknown => (value as { constructor?: { name?: unknown } }).constructor?.name;

function describeFunction(f: { name?: unknown }): string {
  // A module is a function with the prototype of its class.
  const of = classOf(f);
  if (typeof of === 'string' && !of.endsWith('Function')) return `an instance of ${of}`;
  const what = callable.accepts(f) ? 'function' : 'class';
  return typeof f.name === 'string' && f.name !== '' ? `the ${what} ${f.name}` : `a ${what}`;
}

function describeObject(value: object, depth: number): string {
  if (Array.isArray(value)) {
    // Of the first alone: an array of one item may be as long as any.
    const first = Array.from(value.slice(0, 4));
    if (depth > 0 && first.some((x) => typeof x === 'object')) return '[...]';
    const items = first.map((x) => describe(x, 1));
    return `[${items.join(', ')}${value.length > 4 ? ', ...' : ''}]`;
  }
  if (value instanceof Tensor) return likeTensor;
  if (isForeignTensor(value)) return 'a Tensor of another copy of @kindling/core: import one copy only';
  // What is described is refused.
  if (isPromise(value)) disown(value);
  const of = classOf(value);
  if (typeof of === 'string' && of !== 'Object' && of !== '') return `an instance of ${of}`;
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag !== 'Object') return `an instance of ${tag}`;
  const names = Object.keys(value);
  return names.length === 0 ? 'an empty object' : `an object with ${names.slice(0, 4).join(', ')}`;
}

/** What the tensors of every copy of the library carry. */
export const tensorMark = Symbol.for('@kindling/core.Tensor');
const isForeignTensor = (value: object): boolean => tensorMark in value;

/** The call that may have been meant: `topk(x, 2, { dim: 0 })`. */
function call(name: string, given: readonly string[]): string {
  const written = `${name}(${given.join(', ')})`;
  return /^[A-Z]\w*$/.test(name) ? `new ${written}` : written;
}

/** An argument as code: what is short as it stands, else the parameter's name. */
function code(parameter: string, value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return fits(fewNumbers, value) ? `[${(value as number[]).join(', ')}]` : parameter;
}

const fewNumbers = kind(
  'a few numbers',
  (x) => isArray(x) && x.length <= 4 && Array.from(x).every((n) => typeof n === 'number'),
);

/**
 * Values by the names of the options that take them, in the order of both, as PyTorch's places are; null where one
 * finds none.
 */
function byName(options: Parameters, values: readonly unknown[]): string | null {
  const left = Object.entries(options);
  const given: string[] = [];
  for (const value of values) {
    const at = left.findIndex(([, kind]) => fits(kind, value));
    const [name] = left[at] ?? [];
    if (name === undefined) return null;
    left.splice(0, at + 1);
    given.push(`${name}: ${code('...', value)}`);
  }
  return `{ ${given.join(', ')} }`;
}

/** Where a value stands in the place of options: the call that gives it by its name, if an option takes it. */
function asOption(name: string, parameters: Parameters, given: readonly unknown[], at: number): string {
  const names = Object.keys(parameters);
  const value = given[at];
  const before = names.slice(0, at).map((parameter, i) => code(parameter, given[i]));
  const first = given[0];
  if (
    at === 1 &&
    typeof first === 'number' &&
    typeof value === 'number' &&
    fits(Object.values(parameters)[0]!, [first])
  )
    return `; write ${call(name, [`[${first}, ${value}]`])}`;
  const { options = {} } = parameters[names[at]!]!;
  const named = byName(options, [value]);
  if (named === null) return Object.keys(options).length === 0 ? '' : `; it takes ${listed(options)}`;
  return `; write ${call(name, [...before, named])}`;
}

const listed = (options: Parameters): string => `{ ${Object.keys(options).join(', ')} }`;

type Entries = readonly (readonly [string, Kind])[];

/** The first of the options at a place that is unknown or does not fit. */
function optionError(
  name: string,
  entries: Entries,
  at: number,
  given: readonly unknown[],
  options: Parameters,
): KindlingError {
  const values = given[at] as Readonly<Record<string, unknown>>;
  const keys: string[] = [];
  for (const key in values) keys.push(key);
  // What is no property of its own, as a getter of its class, is not listed.
  for (const key of [...keys, ...Object.keys(options)]) {
    const known = options[key];
    if (known === undefined) {
      const place = entries.findIndex(([p], k) => k < at && given[k] === undefined && sameName(p, key));
      const hint = place < 0 ? meant(key, options) : inItsPlace(name, entries, place, given, values);
      return new ValueError(`${name}: unknown option ${key}${hint}`);
    }
    const value = values[key];
    if (value !== undefined && !fits(known, value)) {
      const wrong = `${name}: ${key}: expected ${known.expected}, got ${describe(value)}`;
      return new (errorOf(known))(wrong + asNumber(known, value));
    }
  }
  return new ValueError(`${name}: options that do not fit`);
}

/** What to write for a tensor that stands in the place of its number. */
const asNumber = (kind: Kind, value: unknown): string =>
  Tensor.is(value) && value.count === 1 && fits(kind, 1) ? '; a number of a tensor is its item()' : '';

/** PyTorch's names of devices. */
const device = /^(cpu|cuda|mps|xpu|hip|xla|meta)(:\d+)?$/;
const oneDevice = '; there is one device, the processor: leave it out';

/** What to write for an option that is not known: a near one, or all there are. */
function meant(key: string, options: Parameters): string {
  if (key === 'device') return oneDevice;
  const near = nearest(key, Object.keys(options));
  if (near !== null) return `; did you mean ${near}?`;
  return Object.keys(options).length === 0 ? '; it takes no options' : `; it takes ${listed(options)}`;
}

/** The error for the first argument that is not of its parameter's kind. */
export function errorFor(name: string, parameters: Parameters, given: readonly unknown[]): KindlingError {
  const entries = Object.entries(parameters);
  const at = entries.findIndex(([, kind], i) => !fits(kind, given[i]));
  const [parameter, kind] = entries[at]!;
  try {
    return misfit(name, parameters, given, at);
  } catch (error) {
    return new (errorOf(kind))(`${name}: ${parameter}: expected ${kind.expected}, got ${unreadable(error)}`);
  }
}

/** {@link errorFor}, of a value that can be looked at. */
function misfit(name: string, parameters: Parameters, given: readonly unknown[], at: number): KindlingError {
  const entries = Object.entries(parameters);
  const [parameter, kind] = entries[at]!;
  const value = given[at];
  const { options } = kind;
  if (options !== undefined && isOptions(value) && !isForeignTensor(value))
    return optionError(name, entries, at, given, options);
  if (options !== undefined) {
    const hint = asOption(name, parameters, given, at);
    return new (errorOf(kind))(`${name}: expected an options object, got ${describe(value)}${hint}`);
  }
  const wrong = `${name}: ${parameter}: expected ${kind.expected}, got ${describe(value)}`;
  return new (errorOf(kind))(wrong + remedy(name, entries, at, given));
}

/**
 * The error for what stands beyond the last parameter: the call without it, or with it in the list that the last one
 * takes, or among the options.
 */
export function excessError(name: string, parameters: Parameters, given: readonly unknown[]): KindlingError {
  const names = Object.keys(parameters);
  const last = names.length - 1;
  const excess = given.slice(names.length);
  const listed = [given[last], ...excess];
  const asList = last >= 0 && typeof given[last] === 'number' && fits(parameters[names[last]!]!, listed);
  const options = Object.values(parameters)[last]?.options;
  const named = options === undefined || isOptions(given[last]) ? null : byName(options, listed);
  const right = names
    .map((parameter, i) =>
      named !== null && i === last ? named : code(parameter, asList && i === last ? listed : given[i]),
    )
    .filter((_, i) => given[i] !== undefined);
  const takes = names.length === 0 ? 'no arguments' : `(${names.join(', ')})`;
  return new ValueError(
    `${name}: takes ${takes}, got ${excess.map((x) => describe(x)).join(', ')} beyond that; write ${call(name, right)}`,
  );
}

/** What to write for an argument that stands in another's place or wants to be a tensor. */
function remedy(name: string, entries: Entries, at: number, given: readonly unknown[]): string {
  const value = given[at];
  if (typeof value === 'string' && device.test(value)) return oneDevice;
  const { expected } = entries[at]![1];
  if (Array.isArray(value) && expected.startsWith('a Tensor')) return '; make a tensor of it with tensor()';
  if (ArrayBuffer.isView(value) && 'length' in value && fits(entries[at]![1], Array.from(value as never)))
    return '; make an array of it with Array.from()';
  if (!isOptions(value)) return '';
  const right = inItsPlace(name, entries, at, given, value);
  if (right !== '') return right;
  const last = entries.length - 1;
  const options = at < last ? entries[last]![1].options : undefined;
  if (options === undefined || !Object.keys(value).some((key) => key in options)) return '';
  return `; options come last: write ${call(name, [...entries.slice(0, last).map(([p]) => p), '{ ... }'])}`;
}

/** Whether two names are one, in camelCase or snake_case (`T_max`), of one or several (`dim`, `dims`). */
const sameName = (a: string, b: string): boolean => bareName(a) === bareName(b);
const bareName = (name: string): string => name.replaceAll('_', '').replace(/s$/, '').toLowerCase();

/**
 * The call with what an object gives by its name, as in Python, in the places where it belongs from `at` on, and
 * options of the rest; nothing where the object does not name what stands there.
 */
function inItsPlace(
  name: string,
  entries: Entries,
  at: number,
  given: readonly unknown[],
  object: unknown,
): string {
  const value = object as Readonly<Record<string, unknown>>;
  const before = entries.slice(0, at).map(([parameter], i) => code(parameter, given[i]));
  const inPlace: string[] = [];
  const used = new Set<string>();
  for (const [parameter, { options }] of entries.slice(at)) {
    const key = Object.keys(value).find((k) => sameName(k, parameter));
    if (key === undefined || options !== undefined) break;
    used.add(key);
    inPlace.push(code(parameter, value[key]));
  }
  if (inPlace.length === 0) return '';
  const others = Object.keys(value).filter((key) => !used.has(key));
  const left = others.map((key) => `${camelCase(key)}: ${code('...', value[key])}`).join(', ');
  return `; write ${call(name, [...before, ...inPlace, ...(left === '' ? [] : [`{ ${left} }`])])}`;
}
