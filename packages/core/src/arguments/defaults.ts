/**
 * The options that are given: one that is `undefined` counts as left out, and takes no default's place. Kindling's own.
 */
export const withoutUndefined = <T extends object>(options: T): Partial<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
