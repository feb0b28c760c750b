import { isnan, K, type Tensor } from '@kindling/core';

/**
 * How the values of classes (or labels) become one: `'micro'` counts all samples together, `'macro'` is the mean over
 * classes, `'weighted'` the mean weighted by how often each class is true, and `'none'` leaves them as they are, shape
 * (C,). With NaN in them, the means are of the others, as in scikit-learn.
 */
export type Average = 'micro' | 'macro' | 'weighted' | 'none';

export const averageKind = /* @__PURE__ */ K.oneOf('micro', 'macro', 'weighted', 'none');

/** The mean of values, those left out that are NaN; with weights, unless all of them are 0. */
export function meanOf(values: Tensor, weights: Tensor | null): Tensor {
  const unknown = isnan(values);
  if (weights === null) return values.nanmean();
  const counted = weights.maskedFill(unknown, 0);
  const total = counted.sum();
  return total.item() === 0 ? values.nanmean() : values.maskedFill(unknown, 0).mul(counted).sum().div(total);
}

/** The values of classes as `average` wants them, which is not `'micro'`. */
export function averaged(values: Tensor, average: Average, support: Tensor): Tensor {
  if (average === 'none') return values;
  return meanOf(values, average === 'weighted' ? support : null);
}
