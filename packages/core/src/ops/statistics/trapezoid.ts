import { composition, K } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, IndexError, ShapeError } from '../../errors.ts';
import { formatShape, normalizeDim } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { zeros } from '../creation/fill.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { sum } from '../reductions/sum.ts';
import { cumsum } from '../scans/cumulative.ts';
import { reshape } from '../views/shape.ts';
import { narrow, select } from '../views/slices.ts';

/** Options of {@link trapezoid} and {@link cumulativeTrapezoid}. */
export interface TrapezoidOptions {
  /** The distance of samples where no x is given. Default: 1. */
  readonly dx?: number;
  /** The dimension of samples. Default: -1. */
  readonly dim?: number;
}

const optionsKind = K.options<TrapezoidOptions>({ dx: K.number, dim: K.integer });
const parameters = { y: K.tensor, x: K.either(K.nullable(K.tensor), optionsKind), options: optionsKind };
type Samples = Tensor | null | TrapezoidOptions;

/** Sums of neighbours along a dimension, and their distances. */
interface Intervals {
  readonly d: number;
  readonly sums: () => Tensor;
  readonly widths: Tensor | number;
}

/** Differences or sums of neighbours. */
function neighbours(x: Tensor, d: number, meet: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const count = Math.max(0, (x.shape[d] ?? 1) - 1);
  const first = Math.min(1, x.shape[d] ?? 1);
  return meet(narrow(x, d, first, count), narrow(x, d, 0, count));
}

function intervalsOf(y: Tensor, given: Samples, named: TrapezoidOptions, caller: string): Intervals {
  const x = given instanceof Tensor ? given : null;
  const { dx = 1, dim = -1 }: TrapezoidOptions = given instanceof Tensor ? named : { ...given, ...named };
  for (const [name, samples] of [
    ['y', y],
    ['x', x],
  ] as const) {
    if (samples?.dtype === 'bool')
      throw new DTypeError(`${caller}: received a bool input for \`${name}\`, but bool is not supported`);
  }
  if (y.ndim === 0)
    throw new IndexError(`${caller}: Dimension specified as ${dim} but tensor has no dimensions`);
  const d = normalizeDim(dim, y.ndim, caller);
  const sums = (): Tensor => neighbours(y, d, add);
  if (x === null) return { d, sums, widths: dx };
  if (x.ndim === 1 && x.count !== y.shape[d]) {
    throw new ShapeError(
      `${caller}: There must be one \`x\` value for each sample point, got shapes ${formatShape(x.shape)} and ` +
        formatShape(y.shape),
    );
  }
  // A vector lies along the dimension of samples; more dimensions are aligned from the right.
  const ones = (count: number): number[] => new Array<number>(Math.max(0, count)).fill(1);
  const shape =
    x.ndim === 1 ? [...ones(d), x.count, ...ones(y.ndim - d - 1)] : [...ones(y.ndim - x.ndim), ...x.shape];
  return { d, sums, widths: neighbours(reshape(x, shape), d, sub) };
}

const isEmpty = (y: Tensor, d: number): boolean => y.shape[d] === 0;

function total(y: Tensor, given: Samples, named: TrapezoidOptions, caller: string): Tensor {
  const { d, sums, widths } = intervalsOf(y, given, named, caller);
  if (isEmpty(y, d))
    return zeros(
      y.shape.filter((_, i) => i !== d),
      { dtype: y.dtype },
    );
  if (typeof widths !== 'number') return div(sum(mul(widths, sums()), d), 2);
  const last = (y.shape[d] ?? 1) - 1;
  const ends = add(select(y, d, 0), select(y, d, last));
  return mul(sub(sum(y, d), mul(ends, 0.5)), widths);
}

/**
 * The integral along a dimension of a function of which samples are given, by the trapezoidal rule; x are the places of
 * the samples, else they lie `dx` apart. Follows `torch.trapezoid`.
 * @throws ShapeError where x does not fit; IndexError for a dimension that y has not; DTypeError for bools
 * @example
 * ```ts
 * trapezoid(tensor([1, 5, 10])); // tensor(10.5000)
 * trapezoid(tensor([1, 5, 10]), tensor([1, 3, 6])); // tensor(28.5000)
 * ```
 */
export const trapezoid = composition(
  'trapezoid',
  parameters,
  (y: Tensor, x: Samples = null, options: TrapezoidOptions = {}): Tensor => total(y, x, options, 'trapezoid'),
);

/**
 * {@link trapezoid} by its older name. Follows `torch.trapz`.
 * @throws as {@link trapezoid}
 */
export const trapz = composition(
  'trapz',
  parameters,
  (y: Tensor, x: Samples = null, options: TrapezoidOptions = {}): Tensor => total(y, x, options, 'trapz'),
);

/**
 * The running integrals of {@link trapezoid}, one fewer than samples. Follows `torch.cumulative_trapezoid`.
 * @throws as {@link trapezoid}
 * @example cumulativeTrapezoid(tensor([1, 5, 10])); // tensor([ 3.0000, 10.5000])
 */
export const cumulativeTrapezoid = composition(
  'cumulativeTrapezoid',
  parameters,
  (y: Tensor, x: Samples = null, options: TrapezoidOptions = {}): Tensor => {
    const { d, sums: sumsOf, widths } = intervalsOf(y, x, options, 'cumulativeTrapezoid');
    const sums = sumsOf();
    if (typeof widths === 'number')
      return cumsum(mul(isFloatingPoint(sums.dtype) ? sums : to(sums, 'float32'), widths / 2), d);
    return div(cumsum(mul(widths, sums), d), 2);
  },
);
