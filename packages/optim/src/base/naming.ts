import { camelCase as regularCamel, snakeCase as regularSnake } from '@kindling/core';

/** Names in Python's form and back; `irregular` lists those that are not in snake_case throughout. */
function naming(irregular: readonly (readonly [ours: string, theirs: string])[]) {
  const theirs = new Map(irregular);
  const ours = new Map(irregular.map(([a, b]) => [b, a] as const));
  return {
    /** `weightDecay` is `weight_decay` in PyTorch's state dicts. */
    snakeCase: (name: string): string => theirs.get(name) ?? regularSnake(name),
    /** The inverse of `snakeCase`. */
    camelCase: (name: string): string => ours.get(name) ?? regularCamel(name),
  };
}

/** Names of what optimizers keep. */
export const ofOptimizers = /* @__PURE__ */ naming([['hDiag', 'H_diag']]);

/** Names of what schedules keep: a `t0` is `T_0` there, where ASGD's is `t0`. */
export const ofSchedules = /* @__PURE__ */ naming([
  ['tMax', 'T_max'],
  ['t0', 'T_0'],
  ['tI', 'T_i'],
  ['tMult', 'T_mult'],
  ['tCur', 'T_cur'],
]);

/** Numbers that JSON has not, as JavaScript and as Python spell them. */
export const spelled: ReadonlyMap<unknown, number> = /* @__PURE__ */ new Map([
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['NaN', Number.NaN],
  ['inf', Infinity],
  ['-inf', -Infinity],
  ['nan', Number.NaN],
]);

/** A value as JSON can hold it: a number that is not finite as text. */
export const spelling = (value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
