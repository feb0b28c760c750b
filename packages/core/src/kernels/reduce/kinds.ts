/** The reductions there are, and what each means in plain JavaScript. */

import type { Lane } from '../../dtype.ts';
import { memoized } from '../wasm/index.ts';

/** How two partial results become one. */
export type Combine = 'add' | 'mul' | 'max' | 'min';
/**
 * What happens to an element before it is combined; `centered` is the square of its `deviation` from a given centre.
 */
export type Mapping = 'same' | 'abs' | 'square' | 'deviation' | 'centered' | 'nonzero' | 'nanToZero';

/** Whether a mapping asks for a centre. */
export const hasCenter = (map: Mapping): boolean => map === 'centered' || map === 'deviation';

const kinds = {
  sum: { combine: 'add', map: 'same' },
  prod: { combine: 'mul', map: 'same' },
  max: { combine: 'max', map: 'same' },
  min: { combine: 'min', map: 'same' },
  sumAbs: { combine: 'add', map: 'abs' },
  maxAbs: { combine: 'max', map: 'abs' },
  minAbs: { combine: 'min', map: 'abs' },
  sumSquares: { combine: 'add', map: 'square' },
  sumDeviations: { combine: 'add', map: 'deviation' },
  sumCentered: { combine: 'add', map: 'centered' },
  nansum: { combine: 'add', map: 'nanToZero' },
  countNonzero: { combine: 'add', map: 'nonzero' },
  any: { combine: 'max', map: 'nonzero' },
  all: { combine: 'min', map: 'nonzero' },
} as const satisfies Record<string, { combine: Combine; map: Mapping }>;

/**
 * `sumSquares` adds up x^2, `sumDeviations` x - centre, `sumCentered` (x - centre)^2, `nansum` takes NaN for 0; `any`
 * and `all` give 1 or 0. NaN counts as nonzero, and is the maximum and the minimum of everything that contains it.
 */
export type ReduceKind = keyof typeof kinds;

/** What becomes of each result. */
export interface ReduceOptions {
  /** Divides each result, before it is rounded to its dtype: the number of elements, for a mean. Floats only. */
  readonly divisor?: number;
  /** Takes the square root of each result, after the division. Floats only. */
  readonly root?: boolean;
  /** For `sumDeviations` and `sumCentered`: one centre for each result. */
  readonly center?: Float64Array;
}

/** How a reduction is made up. */
export const formOf = (kind: ReduceKind): { readonly combine: Combine; readonly map: Mapping } => kinds[kind];

/** What the accumulator is: a number of the lane's type, or a wider one. */
export type Accumulator = Lane | 'i64';

/**
 * float32 sums and products are carried in float64. So are products of integers, which are exact as long as they fit
 * int32, and never come back to it but as 0; sums of integers, which may, are carried in 64 bits.
 */
export function accumulatorOf(lane: Lane, kind: ReduceKind): Accumulator {
  const { combine } = kinds[kind];
  if (combine === 'mul') return 'f64';
  if (combine === 'add') return lane === 'i32' ? 'i64' : 'f64';
  return lane;
}

/** The value of a reduction of nothing. */
export function identityOf(lane: Lane, kind: ReduceKind): number {
  const { combine, map } = kinds[kind];
  if (combine === 'add') return 0;
  if (combine === 'mul') return 1;
  if (map === 'nonzero') return combine === 'max' ? 0 : 1;
  if (lane === 'i32') return combine === 'max' ? -(2 ** 31) : 2 ** 31 - 1;
  return combine === 'max' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** One step of a reduction. */
type ReduceStep = (accumulator: number, x: number, center: number) => number;

/** The reduction in plain JavaScript, one step at a time; whoever stores integers checks that they fit. */
export const stepOf = memoized((kind: ReduceKind): ReduceStep => {
  const { combine, map } = kinds[kind];
  const combiners: Record<Combine, (a: number, b: number) => number> = {
    add: (a, b) => a + b,
    mul: (a, b) => a * b,
    max: Math.max,
    min: Math.min,
  };
  const maps: Record<Mapping, (x: number, center: number) => number> = {
    same: (x) => x,
    abs: Math.abs,
    square: (x) => x * x,
    deviation: (x, center) => x - center,
    centered: (x, center) => (x - center) * (x - center),
    nonzero: (x) => (x === 0 ? 0 : 1),
    nanToZero: (x) => (Number.isNaN(x) ? 0 : x),
  };
  const combiner = combiners[combine];
  const mapper = maps[map];
  return (accumulator, x, center) => combiner(accumulator, mapper(x, center));
});
