import { K, refuseExcess } from '../../arguments/index.ts';
import { E, type Expr } from '../../kernels/index.ts';
import { isOfClass, type Tensor } from '../../tensor.ts';
import { checkOptions, inPlace, inPlaceCall, type Resolve, unary } from './define.ts';
import { floatsOnly, refuseBools } from './dtype-checks.ts';
import { notATensor } from './operands.ts';
import { applyUnary, ElementwiseOp, type UnaryFunction } from './operation.ts';

/** A function that leaves integers as they are. */
const rounding = (name: string, f: (x: Expr) => Expr): UnaryFunction =>
  unary(name, f, { integer: (x) => E.add(x, 0), check: refuseBools(name) });

/**
 * Rounded down. Follows `torch.floor`.
 * @throws DTypeError when x is bool, as of all roundings
 * @example floor(tensor([-1.5, 1.5])); // tensor([-2.,  1.])
 */
export const floor = rounding('floor', E.floor);
/** Rounded up. Follows `torch.ceil`. */
export const ceil = rounding('ceil', E.ceil);
/** Rounded toward zero. Follows `torch.trunc`. */
export const trunc = rounding('trunc', E.trunc);
/**
 * x - trunc(x). Follows `torch.frac`.
 * @throws DTypeError when x is not of a floating dtype
 */
export const frac = unary('frac', (x) => E.sub(x, E.trunc(x)), { check: floatsOnly('frac') });

const roundOp = rounding('round', E.nearest).op;
const roundTo = (expression: (x: Expr, scale: Expr) => Expr) =>
  new ElementwiseOp({
    name: 'round',
    overload: () => 1,
    arity: 1,
    expression: (x, scale) => expression(x, scale),
  });
const roundDecimalsOp = roundTo((x, scale) => E.div(E.nearest(E.mul(x, scale)), scale));
const roundTensOp = roundTo((x, scale) => E.mul(E.nearest(E.div(x, scale)), scale));
const checkDecimals = floatsOnly('round with decimals');

/** Options of {@link round}. */
export interface RoundOptions {
  /** Decimal places to keep; may be negative. Default: 0. */
  readonly decimals?: number;
}

const roundOptions = K.options<RoundOptions>({ decimals: K.integer });

const roundingOf: Resolve<[x: Tensor, options?: RoundOptions]> = (caller, x, options) => {
  checkOptions(caller, roundOptions, options, x);
  const decimals = options?.decimals ?? 0;
  if (decimals === 0) return { op: roundOp, operands: [x] };
  if (!isOfClass(x)) throw notATensor(caller, [x]);
  checkDecimals(x.dtype);
  const op = decimals > 0 ? roundDecimalsOp : roundTensOp;
  return { op, operands: [x], params: [10 ** Math.abs(decimals)] };
};

/**
 * Rounded to the nearest integer, or to `decimals` places, halves to even. Follows `torch.round`.
 * @throws DTypeError when x is bool; with decimals also when it is an integer tensor
 * @example
 * ```ts
 * round(tensor([0.5, 1.5])); // tensor([0., 2.])
 * round(tensor([1.2345]), { decimals: 2 }); // tensor([1.2300])
 * ```
 */
export function round(x: Tensor, options?: RoundOptions): Tensor {
  if (arguments.length > 2) refuseExcess('round', ['x', 'options'], arguments);
  const { op, params } = roundingOf('round', x, options);
  return applyUnary(op, x, params);
}

/** {@link floor} in place. */
export const floor_ = inPlace(floor);
/** {@link ceil} in place. */
export const ceil_ = inPlace(ceil);
/** {@link trunc} in place. */
export const trunc_ = inPlace(trunc);
/** {@link frac} in place. */
export const frac_ = inPlace(frac);
/** {@link round} in place. */
export const round_ = inPlaceCall('round_', roundingOf, ['x', 'options']);
