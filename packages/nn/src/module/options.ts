import { type Generator, generatorKind, K } from '@kindling/core';

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

/** The options of functions that draw, by the kinds of those besides the generator. */
export const drawOptions = <O extends { readonly generator?: Generator }>(
  own: Omit<K.Kinds<O>, 'generator'>,
): K.Kind => K.options<O>({ ...own, generator: generatorKind } as K.Kinds<O>);
