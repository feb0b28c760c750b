import { K, Tensor } from '@kindling/core';
import { type AnyModule, internalsOf, isModule } from './callable.ts';
import { isParameter } from './parameter.ts';

const warned = /* @__PURE__ */ new WeakSet<object>();

/**
 * Warns, once a class, of a property of a module that looks like what learns and registers nothing: a collection of
 * modules or parameters, or a tensor that requires gradients and is no parameter.
 */
export function warnOfUnregistered(module: AnyModule, value: unknown): void {
  const mistake = mistakeOf(value);
  if (mistake === null || warned.has(module.constructor)) return;
  const property = Object.entries(module).find(([, x]) => x === value)?.[0] ?? '...';
  if (internalsOf(module).buffers.has(property)) return;
  warned.add(module.constructor);
  const { name } = module.constructor;
  console.warn(
    `Warning: ${name}.${property} is ${mistake.is}, so that optimizers and state dicts pass over ${mistake.them}; ` +
      `write ${property} = new nn.${mistake.write}. (Said once a class.)`,
  );
}

interface Mistake {
  readonly is: string;
  readonly them: string;
  readonly write: string;
}

const tensorMistake: Mistake = {
  is: 'a tensor that requires gradients, which registers nothing',
  them: 'it',
  write: 'Parameter(...)',
};

function mistakeOf(value: unknown): Mistake | null {
  if (value instanceof Tensor) return value.requiresGrad && value.isLeaf ? tensorMistake : null;
  const collection = collectionOf(value);
  if (collection === null) return null;
  const [is, write, values] = collection;
  const first = firstOf(values);
  const holds = isParameter(first) ? 'Parameter' : isModule(first) ? 'Module' : null;
  if (holds === null) return null;
  const them = `${holds.toLowerCase()}s`;
  return { is: `${is} of ${them}, which registers none of them`, them: 'them', write: holds + write };
}

/** What a collection is called, what takes its place in a module, and its values. */
type Collection = readonly [is: string, write: string, values: Iterable<unknown>];

function collectionOf(value: unknown): Collection | null {
  if (Array.isArray(value)) return ['an array', 'List([...])', value];
  if (value instanceof Set) return ['a Set', 'List([...])', value];
  if (value instanceof Map) return ['a Map', 'Dict({ ... })', value.values()];
  return isPlain(value) ? ['an object', 'Dict({ ... })', valuesOf(value)] : null;
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  K.isOptions(value) && Object.getPrototypeOf(value) === Object.prototype;

function* valuesOf(object: Readonly<Record<string, unknown>>): Iterable<unknown> {
  for (const key in object) yield object[key];
}

/** The first of some values; undefined for none, and where a getter throws. */
function firstOf(values: Iterable<unknown>): unknown {
  try {
    for (const value of values) return value;
  } catch {
    // What cannot be read is nothing to warn of.
  }
  return undefined;
}
