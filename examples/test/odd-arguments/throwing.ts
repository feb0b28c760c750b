/** Options that throw when they are read, the first time or later, and what the call leaves changed then. */
import { types } from 'node:util';
import * as core from '@kindling/core';
import { type Call, run } from './call.ts';
import { optionsAt } from './vary.ts';

/** The values that can be seen in what is given and in what a method is called on. */
function seen(values: readonly unknown[]): string {
  const met = new Map<object, number>();
  const lines: string[] = [];
  const visit = (x: unknown, path: string): void => {
    if ((typeof x !== 'object' && typeof x !== 'function') || x === null) {
      lines.push(`${path}=${typeof x === 'function' ? 'function' : String(x)}`);
      return;
    }
    const before = met.get(x);
    if (before !== undefined) {
      lines.push(`${path}=#${before}`);
      return;
    }
    met.set(x, met.size);
    if (x instanceof core.Tensor) {
      const { shape, strides, dtype, requiresGrad, storage } = x;
      lines.push(
        `${path}=${dtype} ${shape} ${strides} ${requiresGrad} ${storage.version} ${[...storage.array]}`,
      );
      visit(x.grad, `${path}.grad`);
      return;
    }
    if (x instanceof core.Generator) {
      lines.push(`${path}=${x.getState()}`);
      return;
    }
    if (ArrayBuffer.isView(x)) {
      lines.push(`${path}=${String(x)}`);
      return;
    }
    if (x instanceof Map || x instanceof Set) {
      for (const [k, item] of [...x].entries()) visit(item, `${path}<${k}>`);
      return;
    }
    for (const key of Reflect.ownKeys(x)) {
      // There is no list of hooks until there may be one.
      if (key === 'hooks') continue;
      const property = Reflect.getOwnPropertyDescriptor(x, key);
      if (property !== undefined && 'value' in property) visit(property.value, `${path}.${String(key)}`);
    }
    const { stateDict } = x as { stateDict?: unknown };
    if (typeof stateDict === 'function') visit(stateDict.call(x), `${path}.stateDict()`);
  };
  values.forEach((x, i) => {
    visit(x, String(i));
  });
  visit(core.defaultGenerator, 'defaultGenerator');
  lines.push(`${core.getDefaultDtype()} ${core.isGradEnabled()} ${JSON.stringify(core.getPrintOptions())}`);
  return lines.join('\n');
}

const isPlain = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype;

class Boom extends Error {}

/** Options of which the `nth` time that one is read throws, and whether that has happened. */
function throwing(options: unknown, nth: number): { options: unknown; has: () => boolean } {
  let reads = 0;
  const read = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(read);
    if (!isPlain(value)) return value;
    const object = {};
    for (const [name, item] of Object.entries(value)) {
      const given = read(item);
      Object.defineProperty(object, name, {
        enumerable: true,
        get() {
          if (++reads === nth) throw new Boom('read');
          return given;
        },
      });
    }
    return object;
  };
  return { options: read(options), has: () => reads >= nth };
}

/** Whether there is an object in it whose properties are read. */
const hasOptions = (x: unknown): boolean =>
  Array.isArray(x) ? x.some(hasOptions) : isPlain(x) && Object.keys(x).length > 0;

/** The places of the arguments of a call whose properties are read. */
export function* placesOfOptions(call: Call): Generator<number> {
  const args = call.args();
  for (const [at, x] of args.entries()) if (hasOptions(x)) yield at;
  if (optionsAt(call, args.length).length > 0) yield args.length;
}

/**
 * What a call leaves changed where the `nth` read throws: nothing, or the first line that is another one; undefined
 * where less is read.
 */
export function leftChanged(call: Call, at: number, nth: number): string | null | undefined {
  const args = call.args();
  const self = call.self();
  // Those that are not given are read too.
  const more = Object.fromEntries(optionsAt(call, at).map((name) => [name, undefined]));
  const plain = args[at] === undefined || isPlain(args[at]);
  const { options, has } = throwing(plain ? { ...more, ...(args[at] as object) } : args[at], nth);
  const given = [...args];
  given[at] = options;
  const others = [...args.toSpliced(at, 1), self];
  const before = seen(others);
  let threw = false;
  try {
    const result = run({ f: call.f, self: () => self }, given);
    if (types.isPromise(result)) result.catch(() => {});
  } catch {
    threw = true;
  }
  if (!has()) return undefined;
  // What is asynchronous may be refused later, and a call may do without.
  if (!threw) return null;
  const after = seen(others);
  if (after === before) return null;
  const [a, b] = [before.split('\n'), after.split('\n')];
  const i = a.findIndex((line, k) => line !== b[k]);
  return `${a[i]?.slice(0, 150)} -> ${b[i]?.slice(0, 150)}`;
}
