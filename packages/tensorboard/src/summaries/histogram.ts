import { bincount, bucketize, type Tensor, tensor, ValueError, valuesOf } from '@kindling/core';
import type { Value } from './message.ts';

/** TensorFlow's bins: from 1e-12 on each is a tenth wider than the one before, on both sides of 0. */
function makeLimits(): Float64Array {
  const positive: number[] = [];
  for (let limit = 1e-12; limit < 1e20; limit *= 1.1) positive.push(limit);
  return Float64Array.from([...positive.map((limit) => -limit).reverse(), 0, ...positive]);
}

let limits: Float64Array | null = null;

/**
 * The histogram of values, all of them finite.
 * @throws ValueError where there are none
 */
export function histogramOf(caller: string, tag: string, values: Tensor): Value {
  if (values.count === 0)
    throw new ValueError(`${caller}: values: expected some, got a tensor without elements`);
  limits ??= makeLimits();
  const flat = values.to('float64').flatten();
  const finite = flat.isfinite();
  const odd = flat.maskedSelect(finite.logicalNot());
  if (odd.count > 0) {
    throw new ValueError(
      `${caller}: values: expected finite numbers, got ${odd.select(0, 0).item()} (${odd.count} of ${flat.count} are not finite)`,
    );
  }
  // Bins are [a, b), and number n + 1 begins at limit n; what lies beyond all limits goes into the outermost bin.
  const places = bucketize(flat, tensor(limits), { right: true }).clamp({ min: 1, max: limits.length - 1 });
  const counts = Array.from(valuesOf(bincount(places, { minlength: limits.length }), caller));
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  // The bins that hold something, and one before them, which says where the first begins.
  return {
    tag,
    value: {
      case: 'histo',
      value: {
        min: flat.min().item(),
        max: flat.max().item(),
        num: flat.count,
        sum: flat.sum().item(),
        sumSquares: flat.dot(flat).item(),
        bucketLimit: Array.from(limits.slice(first - 1, last + 1)),
        bucket: [0, ...counts.slice(first, last + 1)],
      },
    },
  };
}
