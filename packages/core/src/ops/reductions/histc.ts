import { K, signature } from '../../arguments/index.ts';
import type { TypedArray } from '../../dtype.ts';
import { ValueError } from '../../errors.ts';
import { elementsOf, recordHistogram } from '../../kernels/index.ts';
import { apply, definePrimitive } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { floatsOnly } from '../elementwise/dtype-checks.ts';

/** Options of {@link histc}. */
export interface HistogramOptions {
  /** How many intervals. Default: 100. */
  readonly bins?: number;
  /**
   * Where the range begins; where it is equal to `max`, the range goes from the least to the greatest element. Default:
   * 0.
   */
  readonly min?: number;
  /** Where the range ends, itself included. Default: 0. */
  readonly max?: number;
}

/** The range given, or that of the elements where it is empty; one number is widened. */
function rangeOf(x: TypedArray, min: number, max: number, empty: boolean): [min: number, max: number] {
  if (min === max && !empty) {
    min = Number.POSITIVE_INFINITY;
    max = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < x.length; i++) {
      min = Math.min(min, x[i] as number);
      max = Math.max(max, x[i] as number);
    }
  }
  if (!Number.isFinite(min) || !Number.isFinite(max)) {
    throw new ValueError(`histc: range of [${min}, ${max}] is not finite`);
  }
  if (min > max) throw new ValueError(`histc: max must be larger than min, got [${min}, ${max}]`);
  return min === max ? [min - 1, max + 1] : [min, max];
}

const histcPrimitive = definePrimitive<Required<HistogramOptions>>({
  name: 'histc',
  infer: ([x], { bins }) => ({ shape: [bins], dtype: x.dtype }),
  kernel([x], { bins, ...given }, out) {
    const elements = elementsOf(x);
    const isGiven = given.min !== given.max || x.count === 0;
    if (recordHistogram(elements, isGiven ? [given.min, given.max] : null, out.storage.array)) return;
    const [min, max] = rangeOf(elements, given.min, given.max, x.count === 0);
    const counts = out.storage.array.fill(0);
    // In the precision of the dtype, so that what lies on a boundary falls to PyTorch's side.
    const single = x.dtype === 'float32';
    const f = Math.fround;
    const lowest = single ? f(min) : min;
    const width = single ? f(f(max) - lowest) : max - lowest;
    for (let i = 0; i < elements.length; i++) {
      const value = elements[i] as number;
      // NaN is in no range.
      if (!(value >= min && value <= max)) continue;
      const above = value - lowest;
      const place = single ? f(f(f(above) * bins) / width) : (above * bins) / width;
      counts[Math.min(Math.trunc(place), bins - 1)]! += 1;
    }
  },
});

const checkFloats = floatsOnly('histc', (dtype) => `expected a floating point tensor, got ${dtype}`);

const histcTakes = signature('histc', {
  x: K.tensor,
  options: K.options<HistogramOptions>({ bins: K.integer, min: K.number, max: K.number }),
});

/**
 * How many elements fall into each of `bins` equal intervals from `min` to `max`; elements outside are left out: shape
 * (bins), in x's dtype. Follows `torch.histc`.
 * @throws DTypeError when x is not of a floating dtype
 * @throws ValueError when `bins` is no positive integer, or the range is not finite or goes backward
 * @example histc(tensor([1, 2, 1.5]), { bins: 4, min: 0, max: 3 }); // tensor([0., 1., 2., 0.])
 */
export function histc(x: Tensor, options: HistogramOptions = {}): Tensor {
  histcTakes(arguments);
  const { bins = 100, min = 0, max = 0 } = options;
  checkFloats(x.dtype);
  if (bins <= 0) throw new ValueError(`histc: bins must be > 0, got ${bins}`);
  return apply(histcPrimitive, [x], { bins, min, max });
}
