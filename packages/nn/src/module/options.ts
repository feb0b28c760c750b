/** Options of which every one is given. */
export type Full<O> = { -readonly [K in keyof O]-?: Exclude<O[K], undefined> };

/** The options named in `defaults`, and no others: as given, else as there. */
export function withDefaults<O extends object>(defaults: Full<O>, options: O | undefined): Full<O> {
  if (options === undefined) return defaults;
  const full = { ...defaults };
  for (const name in full) full[name] = (options as Full<O>)[name] ?? defaults[name];
  return full;
}
