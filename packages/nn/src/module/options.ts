import { Generator, K } from '@kindling/core';

/** Options of which every one is given, or every one of the names `K`. */
export type Full<O, K extends keyof O = keyof O> = { -readonly [P in K]-?: Exclude<O[P], undefined> };

/** The options named in `defaults`, and no others: as given, else as there. */
export function withDefaults<O extends object, K extends keyof O>(
  defaults: Full<O, K>,
  options: O | undefined,
): Full<O, K> {
  if (options === undefined) return defaults;
  const full = { ...defaults };
  for (const name in full) full[name] = (options as Full<O>)[name] ?? defaults[name];
  return full;
}

/** What options take, by their defaults: numbers, flags and strings of a kind; `null` by whatever comes. */
export const kindsByDefaults = (defaults: object): Record<string, K.Kind> =>
  Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, byDefault(value)]));

function byDefault(value: unknown): K.Kind {
  if (typeof value === 'number') return K.number;
  if (typeof value === 'boolean') return K.flag;
  return typeof value === 'string' ? K.text : K.anything;
}

/** What an option `generator` takes. */
export const generatorKind = /* @__PURE__ */ K.instanceOf(Generator, 'a Generator');
