import { K, KindlingError, Tensor } from '@kindling/core';

/** Refuses to step a base, or a class of plain JavaScript that does not define what its base asks for. */
export function requireMethod(owner: object, method: string): void {
  if (typeof (owner as Record<string, unknown>)[method] === 'function') return;
  throw new KindlingError(
    `${owner.constructor.name}.step: the class is missing the required "${method}" function`,
  );
}

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

/** The decays of two running averages. */
export const twoFractions = /* @__PURE__ */ K.kind(
  'a pair of numbers in [0, 1)',
  (x) => Array.isArray(x) && x.length === 2 && x.every(fraction.accepts),
);

/** What is watched: a loss, an accuracy. */
export const aMetric = /* @__PURE__ */ K.kind(
  'a number or a Tensor of one element',
  (x) => typeof x === 'number' || (x instanceof Tensor && x.count === 1),
);

/** A metric as a number: of a bool 0 or 1. */
export const metricNumber = (metric: number | Tensor): number =>
  typeof metric === 'number' ? metric : Number(metric.item());

/** The best value of a metric so far, infinite at first. */
export const aBest = /* @__PURE__ */ K.kind('a number', (x) => typeof x === 'number' && !Number.isNaN(x));

/** The kinds of an optimizer's options, where it states them. */
export const someKinds = /* @__PURE__ */ K.optional(
  /* @__PURE__ */ K.kind(
    'an object with a kind for each option, such as { lr: K.finite }',
    (x) =>
      K.isOptions(x) &&
      Object.values(x).every((kind) => typeof (kind as K.Kind | null)?.accepts === 'function'),
  ),
);
