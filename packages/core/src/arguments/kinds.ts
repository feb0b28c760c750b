import { type DType, dtypes } from '../dtype.ts';
import { DTypeError, type KindlingError, ShapeError, ValueError } from '../errors.ts';
import { disown, isArray, isMap, isPromise, isReadable, whereReadable } from '../readable.ts';
import { Tensor } from '../tensor.ts';
import { isGone } from '../transferred.ts';
import { allIntegers, withAbsent } from './sight.ts';

export { disown, isArray, isMap, isPromise, isReadable, whereReadable };

/** What a parameter or an option takes: the test of a value, and its description in errors. Kindling's own. */
export interface Kind {
  /** Whether a value fits. */
  readonly accepts: (value: unknown) => boolean;
  /** What fits, as it stands in errors: "an integer". */
  readonly expected: string;
  /** The class of the error for what does not fit. Default: ValueError. */
  readonly error?: new (
    message: string,
  ) => KindlingError;
  /** For an options object: its names, and what each takes. */
  readonly options?: Readonly<Record<string, Kind>>;
}

/** The parameters of a public function in their order, each with what it takes. Kindling's own. */
export type Parameters = Readonly<Record<string, Kind>>;

type Accepts = Kind['accepts'];

/** A kind of values by its test. Kindling's own. */
export const kind = (expected: string, accepts: Accepts, error?: Kind['error']): Kind => ({
  expected,
  accepts,
  ...(error && { error }),
});

/** Whatever comes, `undefined` too. Kindling's own. */
export const anything = /* @__PURE__ */ kind('anything', () => true);

/** A tensor. Kindling's own. */
export const tensor = /* @__PURE__ */ kind('a Tensor', Tensor.is, DTypeError);

/** A tensor, or a number or boolean in its place. Kindling's own. */
export const operand = /* @__PURE__ */ kind(
  'a Tensor or a number',
  (x) => Tensor.is(x) || typeof x === 'number' || typeof x === 'boolean',
  DTypeError,
);

/** A tensor, or a number in its place. Kindling's own. */
export const tensorOrNumber = /* @__PURE__ */ kind(
  'a Tensor or a number',
  (x) => Tensor.is(x) || typeof x === 'number',
  DTypeError,
);

/** A JavaScript number, NaN and infinities too. Kindling's own. */
export const number = /* @__PURE__ */ kind('a number', (x) => typeof x === 'number');

/** A number or a boolean: one element of a tensor. Kindling's own. */
export const scalar = /* @__PURE__ */ kind(
  'a number',
  (x) => typeof x === 'number' || typeof x === 'boolean',
  DTypeError,
);

/** A number that is neither NaN nor infinite. Kindling's own. */
export const finite = /* @__PURE__ */ kind('a finite number', Number.isFinite);

/** A number of at least 0, infinity included. Kindling's own. */
export const nonNegative = /* @__PURE__ */ kind('a number >= 0', (x) => typeof x === 'number' && x >= 0);

/** A number in [0, 1]. Kindling's own. */
export const probability = /* @__PURE__ */ kind(
  'a number in [0, 1]',
  (x) => typeof x === 'number' && x >= 0 && x <= 1,
);

/** A whole number. Kindling's own. */
export const integer = /* @__PURE__ */ kind('an integer', Number.isSafeInteger);

/** A whole number of at least 0. Kindling's own. */
export const count = /* @__PURE__ */ kind(
  'an integer >= 0',
  (x) => Number.isSafeInteger(x) && (x as number) >= 0,
);

/** A whole number of at least 1. Kindling's own. */
export const positiveCount = /* @__PURE__ */ kind(
  'an integer >= 1',
  (x) => Number.isSafeInteger(x) && (x as number) >= 1,
);

/** `true` or `false`. Kindling's own. */
export const flag = /* @__PURE__ */ kind('true or false', (x) => typeof x === 'boolean');

/** A string. Kindling's own. */
export const text = /* @__PURE__ */ kind('a string', (x) => typeof x === 'string');

/** A function. Kindling's own. */
export const callable = /* @__PURE__ */ kind('a function', (x) => typeof x === 'function' && !isClass(x));

/** Whether a function is a class, which can only be called with `new`: its `prototype` cannot be replaced. */
const isClass = (f: object): boolean => Object.getOwnPropertyDescriptor(f, 'prototype')?.writable === false;

/** The name of a dtype. Kindling's own. */
export const dtype = /* @__PURE__ */ kind(
  `one of ${dtypes.join(', ')}`,
  (x) => dtypes.includes(x as DType),
  DTypeError,
);

/** Whether each item of an array is accepted, holes too, which `every` passes over. */
function allAccepted(x: unknown, accepts: Accepts): boolean {
  if (!isArray(x)) return false;
  for (const item of x) if (!accepts(item)) return false;
  return true;
}

/** A list of sizes, such as a shape. Kindling's own. */
export const sizes = /* @__PURE__ */ kind('an array of sizes such as [2, 3]', allIntegers, ShapeError);

/** Sizes, or a number for one. Kindling's own. */
export const sizeOrSizes = /* @__PURE__ */ kind(
  'a size, or an array of sizes such as [2, 3]',
  (x) => Number.isSafeInteger(x) || allIntegers(x),
  ShapeError,
);

/** A dimension, or several. Kindling's own. */
export const dims = /* @__PURE__ */ kind(
  'a dim or a list of dims',
  (x) => Number.isSafeInteger(x) || allIntegers(x),
  ShapeError,
);

/** One of a few values. Kindling's own. */
export const oneOf = (...values: readonly (string | number)[]): Kind =>
  kind(`one of ${values.map((v) => JSON.stringify(v)).join(', ')}`, (x) =>
    values.includes(x as string | number),
  );

/** An instance of a class. Kindling's own. */
export const instanceOf = (of: abstract new (...args: never[]) => unknown, expected = `a ${of.name}`): Kind =>
  kind(expected, (x) => x instanceof of);

/** An array of which each item is of one kind. Kindling's own. */
export const listOf = (item: Kind, expected = `an array, each item ${item.expected}`): Kind =>
  kind(expected, (x) => allAccepted(x, item.accepts), item.error);

/** Tensors. Kindling's own. */
export const tensors = /* @__PURE__ */ listOf(tensor, 'an array of tensors, as in [a, b]');

/**
 * What may be walked by `for (const x of ...)`, strings aside, tensors without dimensions and what was transferred.
 * Kindling's own.
 */
export const iterable = (expected: string): Kind =>
  kind(
    expected,
    (x) =>
      typeof x === 'object' &&
      x !== null &&
      typeof (x as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function' &&
      (x instanceof Tensor ? Tensor.is(x) && x.shape.length > 0 : !(ArrayBuffer.isView(x) && isGone(x))),
  );

/** What is of one kind or of another. Kindling's own. */
export const either = (first: Kind, ...others: readonly Kind[]): Kind => {
  const all = [first, ...others];
  const expected = all.map((k) => k.expected).join(' or ');
  return kind(expected, (x) => all.some((k) => k.accepts(x)), first.error);
};

/** What may be left out: `undefined`. Kindling's own. */
export const optional = (of: Kind): Kind => {
  const { accepts } = of;
  return { ...of, accepts: withAbsent((x) => x === undefined || accepts(x), accepts) };
};

/** What may be `null` or left out. Kindling's own. */
export const nullable = (of: Kind): Kind => {
  const { accepts } = of;
  return {
    ...of,
    expected: `${of.expected} or null`,
    accepts: withAbsent((x) => x === undefined || x === null || accepts(x), accepts),
  };
};

/** Values like the one given, which is a default: `numbers` is what stands for a finite number. Kindling's own. */
export function like(value: unknown, numbers: Kind = number): Kind {
  if (typeof value === 'number') return Number.isFinite(value) ? numbers : number;
  if (typeof value === 'boolean') return flag;
  if (typeof value === 'string') return text;
  return isArray(value) && value.length > 0 ? listOf(like(value[0], numbers)) : anything;
}

/** What options take of which only the defaults are known: {@link like} each. Kindling's own. */
export const allLike = (defaults: object, numbers?: Kind): Record<string, Kind> =>
  Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, like(value, numbers)]));

/** What the options of type `O` take, name by name: none forgotten, none too many. */
export type Kinds<O> = { readonly [P in keyof O]-?: Kind };

/** What JavaScript calls plain objects. Options in a `Map`, a `Date` or a promise would be read by nobody. */
const plainTags = new Set(['[object Object]', '[object Module]']);
const isPlain = (x: object): boolean =>
  Object.getPrototypeOf(x) === Object.prototype || plainTags.has(Object.prototype.toString.call(x));

/**
 * Whether a value can hold options: an object, of a user's class too, that is no array, no tensor, no function and no
 * collection. Kindling's own.
 */
export const isOptions = /* @__PURE__ */ whereReadable(
  (x): x is Readonly<Record<string, unknown>> =>
    typeof x === 'object' && x !== null && !Array.isArray(x) && !(x instanceof Tensor) && isPlain(x),
);

/** Whether a value can hold entries by name: what can hold options, or a Map. Kindling's own. */
export const isNamed = /* @__PURE__ */ whereReadable(
  (x): x is Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown> => isMap(x) || isOptions(x),
);

/** Whether a value is of a kind: what cannot be looked at is not. Kindling's own. */
export function fits(of: Kind, value: unknown): boolean {
  try {
    return of.accepts(value);
  } catch {
    return false;
  }
}

/**
 * The options object of type `O`, which may be left out, as may each option in it. Kindling's own.
 * @example K.options<{ dim?: number; keepdim?: boolean }>({ dim: K.integer, keepdim: K.flag }).expected; // 'an options object'
 */
export function options<O extends object>(kinds: Kinds<O>): Kind {
  const of: Readonly<Record<string, Kind>> = { __proto__: null, ...kinds };
  return {
    expected: 'an options object',
    accepts: withAbsent((given) => given === undefined || allFit(given, of)),
    options: of,
  };
}

/** {@link options} of which the object itself may not be left out. Kindling's own. */
export function given<O extends object>(kinds: Kinds<O>): Kind {
  const all = options(kinds);
  return { ...all, accepts: (x) => x !== undefined && all.accepts(x) };
}

function allFit(given: unknown, of: Readonly<Record<string, Kind>>): boolean {
  if (!isOptions(given)) return false;
  for (const name in given) {
    const value = given[name];
    const known = of[name];
    if (known === undefined || !(value === undefined || known.accepts(value))) return false;
  }
  return Object.getPrototypeOf(given) === Object.prototype || gettersFit(given, of);
}

/** Whether what will be read of an object of a class fits: its getters, which are not listed, among it. */
function gettersFit(given: Readonly<Record<string, unknown>>, of: Readonly<Record<string, Kind>>): boolean {
  return Object.entries(of).every(([name, kind]) => given[name] === undefined || kind.accepts(given[name]));
}

/** The class of the error for a value that is not of a kind. Kindling's own. */
export const errorOf = ({ error = ValueError }: Kind): NonNullable<Kind['error']> => error;
