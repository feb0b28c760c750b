import { camelCase as regularCamel, snakeCase as regularSnake } from '@kindling/core';

/** PyTorch's names that are not in snake_case throughout. */
const irregular: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ['tMax', 'T_max'],
  ['hDiag', 'H_diag'],
]);
const regular: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ['T_max', 'tMax'],
  ['H_diag', 'hDiag'],
]);

/** `weightDecay` is `weight_decay` in PyTorch's state dicts. */
export const snakeCase = (name: string): string => irregular.get(name) ?? regularSnake(name);

/** The inverse of {@link snakeCase}. */
export const camelCase = (name: string): string => regular.get(name) ?? regularCamel(name);
