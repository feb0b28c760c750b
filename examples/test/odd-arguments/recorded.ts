/** Right calls of public functions and methods, as the examples in their documentation make them. */
import { type Example, runExample } from '../doctest/index.ts';
import { anew, type Call, type Callable, isClass } from './call.ts';

type Names = Readonly<Record<string, unknown>>;

export const isNamespace = (x: unknown): x is Names =>
  typeof x === 'object' && (x as { [Symbol.toStringTag]?: string } | null)?.[Symbol.toStringTag] === 'Module';

/** The methods of an object, each with the prototype that has it. */
export function* methodsOf(of: object): Generator<[prototype: object, name: string, method: Callable]> {
  for (let at: object | null = Object.getPrototypeOf(of); at !== null; at = Object.getPrototypeOf(at)) {
    if (at === Object.prototype || at === Function.prototype) return;
    for (const [name, own] of Object.entries<PropertyDescriptor>(Object.getOwnPropertyDescriptors(at)))
      if (name !== 'constructor' && typeof own.value === 'function' && own.configurable === true)
        yield [at, name, own.value as Callable];
  }
}

/**
 * Whether the arguments can be made again: not of tensors whose memory is gone, as those within a compiled function.
 */
function isRepeatable({ self, args }: Call): boolean {
  try {
    self();
    args();
    return true;
  } catch {
    return false;
  }
}

/** What was called, as it is before the call. */
function called(path: string, f: Callable, self: unknown, args: readonly unknown[]): Call {
  const [before, ...kept] = [self, ...args].map(anew);
  return { path, names: [], f, self: () => anew(before), args: () => kept.map(anew) };
}

/** Runs examples with the names of `scope` in reach, and gives the calls of its functions that they make. */
export async function recorded(examples: readonly Example[], scope: Names): Promise<Call[]> {
  const calls: Call[] = [];
  let within = 0;
  const keep = <T>(call: () => Call, run: () => T): T => {
    const first = within === 0;
    within++;
    try {
      const made = first ? call() : null;
      const result = run();
      if (made !== null) calls.push(made);
      return result;
    } finally {
      within--;
    }
  };

  const faces = new Map<unknown, unknown>();
  const faceOf = (value: unknown, path: string): unknown => {
    const known = faces.get(value);
    if (known !== undefined) return known;
    let face = value;
    if (isNamespace(value)) face = facesOf(value, `${path}.`);
    else if (typeof value === 'function')
      face = new Proxy(value as Callable, {
        apply: (f, self, args) =>
          keep(
            () => called(path, f, undefined, args),
            () => Reflect.apply(f, self, args),
          ),
        construct: (f, args, target) =>
          target === face
            ? keep(
                () => called(path, f, undefined, args),
                () => Reflect.construct(f, args) as object,
              )
            : (Reflect.construct(f, args, target) as object),
      });
    faces.set(value, face);
    return face;
  };
  const facesOf = (names: Names, path: string): Names =>
    Object.fromEntries(Object.entries(names).map(([name, value]) => [name, faceOf(value, path + name)]));

  const given = facesOf(scope, '');
  const restore: (() => void)[] = [];
  const restored = new Set<unknown>();
  for (const [value] of faces) {
    if (!isClass(value)) continue;
    for (const [prototype, name, method] of methodsOf(
      Object.create((value as Callable).prototype as object) as object,
    )) {
      if (restored.has(method)) continue;
      const className = (prototype as { constructor: { name: string } }).constructor.name;
      const face = function (this: unknown, ...args: unknown[]): unknown {
        return keep(
          () => called(`${className}#${name}`, method, this, args),
          () => Reflect.apply(method, this, args),
        );
      };
      restored.add(face);
      const own = Object.getOwnPropertyDescriptor(prototype, name)!;
      Object.defineProperty(prototype, name, { ...own, value: face });
      restore.push(() => Object.defineProperty(prototype, name, own));
    }
  }
  try {
    for (const example of examples) await runExample(example.code, given).catch(() => {});
  } finally {
    for (const back of restore) back();
  }
  return calls.filter(isRepeatable);
}
