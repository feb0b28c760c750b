import { checkArguments } from '../arguments/index.ts';
import { anObject, wasTold } from './host.ts';
import { tracer } from './observe.ts';

type Properties = Readonly<Record<string, unknown>>;

/**
 * Where a call is being compiled: the program serves as long as the properties that an object has now, which is called
 * `name`, have the same values; `noteChange` may tell of new ones. Kindling's own.
 */
export function assumesValues(name: string, object: object): void {
  if (tracer === null) return;
  const properties = object as Properties;
  fasten(properties);
  const keys = Object.keys(properties);
  const values = Object.values(properties);
  // Before each call, of each module.
  const holds = inCode(properties, keys, values) ?? (() => changed(properties, keys, values) < 0);
  tracer.assumes(() => `${name}.${keys[changed(properties, keys, values)]}`, holds, false);
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

/** In pages a policy may forbid to make code, and the console tells of each attempt, caught or not. */
const isBrowser = 'document' in globalThis || 'importScripts' in globalThis;
let made = 0;

/**
 * The same as code that is made for the one object, or `null` where none can be made. V8 remembers for each place in
 * code where the few kinds of objects that came by keep what is looked for: a loop over modules meets too many, and
 * takes twenty times as long.
 */
function inCode(
  object: Properties,
  keys: readonly string[],
  values: readonly unknown[],
): (() => boolean) | null {
  if (isBrowser) return null;
  const names = values.map((_, i) => `v${i}`);
  const tests = keys.map((key, i) =>
    isSame(`object[${isIndex(key) ? key : JSON.stringify(key)}]`, values[i], `v${i}`),
  );
  // Of the same text V8 would make one piece of code.
  const text = `const [${names}] = values; return () => ${tests.join(' && ') || true}; // ${++made}`;
  try {
    return new Function('object', 'values', text)(object, values) as () => boolean;
  } catch {
    return null;
  }
}

/** An expression as `Object.is`; all but NaN and the zeros are told apart by `===`, which is faster. */
const isSame = (a: string, value: unknown, b: string): string =>
  Number.isNaN(value) || value === 0 ? `Object.is(${a}, ${b})` : `${a} === ${b}`;

const isIndex = (key: string): boolean => /^(0|[1-9]\d{0,8})$/.test(key);

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
