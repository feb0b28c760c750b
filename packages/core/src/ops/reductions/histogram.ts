import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ValueError } from '../../errors.ts';
import { apply, definePrimitive } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';

/** Options of {@link histc}. */
export interface HistogramOptions {
  /** Default: 100. */
  readonly bins?: number;
  /** The range; by default, and where both ends are equal, from the least to the greatest element. */
  readonly min?: number;
  readonly max?: number;
}

const histcPrimitive = definePrimitive<Required<HistogramOptions>>({
  name: 'histc',
  infer: ([x], { bins }) => ({ shape: [bins], dtype: x.dtype }),
  kernel([x], { bins, min, max }, out) {
    const counts = out.storage.array.fill(0);
    const { data } = x;
    // In the precision of the dtype, so that what lies on a boundary falls to PyTorch's side.
    const round = x.dtype === 'float32' ? Math.fround : (value: number): number => value;
    const lowest = round(min);
    const width = round(round(max) - lowest);
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      // NaN is in no range.
      if (!(value >= min && value <= max)) continue;
      const place = round(round(round(value - lowest) * bins) / width);
      counts[Math.min(Math.trunc(place), bins - 1)]! += 1;
    }
  },
});

/**
 * How many elements fall into each of `bins` equal intervals from `min` to `max`; elements outside are left out.
 * Floating point only. Follows `torch.histc`.
 * @example histc(tensor([1, 2, 1], { dtype: 'float32' }), { bins: 4, min: 0, max: 3 }); // [0, 2, 1, 0]
 */
export function histc(x: Tensor, options: HistogramOptions = {}): Tensor {
  const { bins = 100 } = options;
  let { min = 0, max = 0 } = options;
  if (!isFloatingPoint(x.dtype))
    throw new DTypeError(`histc: expected a floating point tensor, got ${x.dtype}`);
  if (!Number.isInteger(bins) || bins <= 0) throw new ValueError(`histc: bins must be > 0, got ${bins}`);
  if (min === max && x.count > 0) {
    min = Number.POSITIVE_INFINITY;
    max = Number.NEGATIVE_INFINITY;
    for (const value of x.data) {
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
  }
  if (!Number.isFinite(min) || !Number.isFinite(max)) {
    throw new ValueError(`histc: range of [${min}, ${max}] is not finite`);
  }
  if (min > max) throw new ValueError(`histc: max must be larger than min, got [${min}, ${max}]`);
  if (min === max) {
    min -= 1;
    max += 1;
  }
  return apply(histcPrimitive, [x], { bins, min, max });
}

/** The functions of this file that are methods too. */
export default { histc };
