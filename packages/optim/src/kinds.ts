import { K } from '@kindling/core';

/** A hyperparameter: a rate, a factor, a decay. */
export const nonNegative = /* @__PURE__ */ K.kind(
  'a finite number >= 0',
  (x) => Number.isFinite(x) && (x as number) >= 0,
);

/** The decay of a running average. */
export const fraction = /* @__PURE__ */ K.kind(
  'a number in [0, 1)',
  (x) => typeof x === 'number' && x >= 0 && x < 1,
);

/** Values of the kind of `value`, where nobody stated a kind. */
export function kindLike(value: unknown): K.Kind {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? K.finite : K.number;
    case 'boolean':
      return K.flag;
    case 'string':
      return K.text;
    default:
      return Array.isArray(value) && value.length > 0 ? K.listOf(kindLike(value[0])) : K.anything;
  }
}
