import { checkArguments, K } from '../arguments/index.ts';
import { anObject, wasTold } from './host.ts';
import { tracer } from './observe.ts';

type Properties = Readonly<Record<string, unknown>>;

/**
 * Where a call is being compiled: the program serves as long as the properties that an object has now, which is called
 * `name`, have the same values, and so do those of the names `inherited`, such as methods, wherever it has them from;
 * `noteChange` may tell of new ones. Kindling's own.
 */
export function assumesValues(name: string, object: object, inherited: readonly string[] = []): void {
  if (tracer === null) return;
  const properties = object as Properties;
  fasten(properties);
  const keys = Object.keys(properties);
  assumesThose(name, properties, keys, false);
  assumesThose(
    name,
    properties,
    inherited.filter((key) => !keys.includes(key)),
    true,
  );
}

function assumesThose(
  name: string,
  object: Properties,
  keys: readonly string[],
  areInherited: boolean,
): void {
  if (keys.length === 0) return;
  const values = keys.map((key) => object[key]);
  const areSame = comparisonOf(keys);
  const holds: Test = () => areSame(object, values);
  compared.set(holds, { object, keys, values, areInherited });
  tracer?.assumes(() => `${name}.${keys[changed(object, keys, values)]}`, holds, false);
}

type Test = () => boolean;

/** What a test compares, of those that compare properties of an object. */
interface Compared {
  readonly object: Properties;
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
  readonly areInherited: boolean;
}

const compared = new WeakMap<Test, Compared>();

/**
 * Fewer tests that hold where all of these do, none of which changes anything; and then fewer again, as each step makes
 * one piece of code, and a net of many layers needs many. Those of {@link assumesValues} become code that has each
 * object and value in a place of its own: V8 looks for a property in one way there, and compares pointers; and nothing
 * is called.
 */
export function* joining(tests: readonly Test[]): Generator<readonly Test[], void> {
  if (isBrowser) return;
  const others = tests.filter((test) => !compared.has(test));
  // One piece that reads what objects have and what they inherit takes ten times as long.
  const isInherited = (test: Test): boolean => compared.get(test)?.areInherited === true;
  const own = tests.filter((test) => compared.has(test) && !isInherited(test));
  const made: Test[] = [];
  let left = [own, tests.filter(isInherited)].flatMap(inPieces);
  while (left.length > 0) {
    const [piece = [], ...rest] = left;
    const one = inOnePiece(piece.flatMap((test) => compared.get(test) ?? []));
    if (one === null) return;
    made.push(one);
    left = rest;
    yield [...made, ...left.flat(), ...others];
  }
}

/** Tests in lists that compare a number of properties. */
function inPieces(tests: readonly Test[]): Test[][] {
  const pieces: Test[][] = [];
  let size = mostJoined;
  for (const test of tests) {
    if (size >= mostJoined) {
      pieces.push([]);
      size = 0;
    }
    pieces.at(-1)?.push(test);
    size += compared.get(test)?.keys.length ?? 0;
  }
  return pieces;
}

/** One test for all of these; `null` where no code can be made. */
function inOnePiece(all: readonly Compared[]): Test | null {
  const given: unknown[] = [];
  const nameOf = (x: unknown): string => `x${given.push(x) - 1}`;
  const code = all.flatMap(({ object, keys, values }) => {
    const name = nameOf(object);
    return keys.map((key, i) => testInCode(propertyOf(name, key), values[i], nameOf));
  });
  const names = given.map((_, i) => `x${i}`);
  try {
    return new Function(...names, `return () => ${code.join(' && ')};`)(...given) as Test;
  } catch {
    return null;
  }
}

/** V8 does not optimize functions beyond some size. */
const mostJoined = 256;

/** Code for `Object.is` of an expression and a value, in the least that V8 needs for it. */
function testInCode(read: string, value: unknown, nameOf: (x: unknown) => string): string {
  if (value === null || value === undefined || typeof value === 'boolean')
    return `${read} === ${String(value)}`;
  // Not a number, and the zeros, are what `===` takes for something else.
  return value === 0 || Number.isNaN(value)
    ? `Object.is(${read}, ${nameOf(value)})`
    : `${read} === ${nameOf(value)}`;
}

/** Of which object something was found to be a property last. */
const holders = new WeakMap<object, WeakRef<object>>();

/**
 * Notes that something was found among the properties of an object, for {@link assumesHeld}. Kindling's own.
 * @throws ValueError for what is no object
 */
export function notePart(part: object, holder: object): void {
  if (holders.get(part)?.deref() === holder) return;
  if (!anObject.accepts(part) || !anObject.accepts(holder))
    checkArguments('notePart', { part: anObject, holder: anObject }, arguments);
  holders.set(part, new WeakRef(holder));
}

/**
 * Where a call is being compiled that comes to something by way of objects that do not tell of their properties
 * (`net.encoder(x)`, `net.weight.mul(x)`): the program serves as long as nothing else lies where {@link notePart} found
 * it, and where its holder was found. Kindling's own.
 */
export function assumesHeld(part: object): void {
  if (tracer === null) return;
  const seen = new Set<object>();
  for (let held = part; !seen.has(held); ) {
    seen.add(held);
    const reference = holders.get(held);
    const holder = reference?.deref() as Properties | undefined;
    if (holder === undefined || wasTold(holder)) return;
    const value = held;
    const key = Object.keys(holder).find((name) => holder[name] === value);
    if (key === undefined) return;
    tracer.assumes(
      `${holder.constructor.name}.${key}`,
      () => {
        const now = reference?.deref() as Properties | undefined;
        return now === undefined || now[key] === value;
      },
      false,
    );
    held = holder;
  }
}

/** The place of the first that has another value; below 0 if none has. */
function changed(object: Properties, keys: readonly string[], values: readonly unknown[]): number {
  for (let i = 0; i < keys.length; i++) if (!Object.is(object[keys[i] as string], values[i])) return i;
  return -1;
}

/** Whether the properties of an object have these values, in the order of the names that were asked for. */
export type Comparison = (object: Properties, values: readonly unknown[]) => boolean;

/** In pages a policy may forbid to make code, and the console tells of each attempt, caught or not. */
const isBrowser = 'document' in globalThis || 'importScripts' in globalThis;
const made = new Map<string, Comparison>();
const aListOfNames = /* @__PURE__ */ K.listOf(K.text);

/**
 * Tells of any object whether its properties of these names have certain values, as `Object.is` has it: for what is asked
 * before each call of a program. Where that may be, it is code that is made for the names: V8 remembers for each place in
 * code where the few kinds of objects that came by keep what is looked for, and a loop over names and objects meets too
 * many, and takes twenty times as long. Kindling's own.
 * @throws ValueError for what is no list of names
 * @example
 * ```ts
 * const isThere = comparisonOf(['row', 'column']);
 * isThere({ row: 1, column: 2 }, [1, 2]); // true
 * isThere({ row: 1, column: 3 }, [1, 2]); // false
 * ```
 */
export function comparisonOf(names: readonly string[]): Comparison {
  checkArguments('comparisonOf', { names: aListOfNames }, arguments);
  const key = JSON.stringify(names);
  let comparison = made.get(key);
  if (comparison === undefined) {
    comparison = inCode(names) ?? ((object, values) => changed(object, names, values) < 0);
    made.set(key, comparison);
  }
  return comparison;
}

/** That as code, or `null` where none can be made. */
function inCode(names: readonly string[]): Comparison | null {
  if (isBrowser) return null;
  const tests = names.map((name, i) => {
    const property = propertyOf('object', name);
    return `((a = ${property}) === (b = values[${i}]) ? a !== 0 || 1 / a === 1 / b : a !== a && b !== b)`;
  });
  try {
    return new Function('object', 'values', `let a, b; return ${tests.join(' && ') || true};`) as Comparison;
  } catch {
    return null;
  }
}

const propertyOf = (object: string, name: string): string =>
  `${object}[${isIndex(name) ? name : JSON.stringify(name)}]`;
const isIndex = (name: string): boolean => /^(0|[1-9]\d{0,8})$/.test(name);

/** After so many objects of different kinds V8 remembers no more where they keep what is looked for. */
const kindsRemembered = 16;

/**
 * Where properties were deleted, as those of functions are that become modules, V8 has a hash table for an object. What
 * others inherit from it puts back into slots, when something is looked for there and no kind of heir is remembered.
 */
function fasten(object: object): void {
  const lookFor = (heir: { nothing?: unknown }): unknown => heir.nothing;
  for (let i = 0; i < kindsRemembered; i++) lookFor(Object.create(object) as object);
}
